export type { Fault, FaultEffect } from './faults/fault.ts';
export { type ImportedFolder, type ImportFolderOptions, importFolder } from './import-folder.ts';
export type { Account, HubServerOptions, RepoType } from './options.ts';
export { type HubServer, startHubServer } from './server.ts';
export type { DeliveryLimits } from './webhooks/deliveries.ts';
export type { JobSpec, JobsHost } from './webhooks/jobs-host.ts';
