export { type BatchConfiguration, type BatchQueue, parseBatchConfiguration } from './batch/configuration.ts';
export { type EventJob, eventJobRecipe, startEventJob } from './jobs/event-job.ts';
export { registerCloudLaunchers } from './launchers.ts';
export { type Requirements, requirementsOf } from './requirements.ts';
