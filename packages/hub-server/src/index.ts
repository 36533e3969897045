export type { Fault, FaultEffect } from './faults.ts';
export type { ImportedFolder, ImportFolderOptions } from './import-folder.ts';
export type { Account, HubServerOptions, RepoType } from './options.ts';
export type { HubServer } from './server.ts';
