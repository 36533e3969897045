export type { AppType } from '@hubfuse/api';
export { createClient, type HubfuseClient } from './create-client.ts';
