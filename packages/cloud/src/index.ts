export { type BatchConfiguration, type BatchQueue, parseBatchConfiguration } from './batch/configuration.ts';
export { tariffOfQueue } from './batch/tariff-of-queue.ts';
export { type EventJob, eventJobRecipe, startEventJob } from './jobs/event-job.ts';
export { tariffOfFlavor } from './jobs/tariff-of-flavor.ts';
export { registerCloudLaunchers } from './launchers.ts';
export * as awsPrices from './prices/aws.ts';
export * as huggingFacePrices from './prices/hugging-face.ts';
export { BATCH_START_SECONDS, CLOUD_NETWORK } from './prices/machine-assumptions.ts';
export { type Requirements, requirementsOf } from './requirements.ts';
