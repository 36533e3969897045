export { createServiceApp, type ServiceAppOptions } from './app.ts';
export { featureFlags } from './feature-flags.ts';
export { HubfuseService, type HubfuseServiceProps, type WorkerImages } from './hubfuse-service.ts';
export { DEFAULT_QUEUES, type Machine, type QueueProps } from './machine.ts';
