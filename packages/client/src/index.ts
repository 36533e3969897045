export type { AppType } from '@hubfuse/api';
export { type ClientOptions, createClient, type HubfuseClient } from './create-client.ts';
export { type Followed, type FollowedEvent, type FollowedProgress, followRun } from './follow-run.ts';
export { type Problem, ServiceError } from './service-error.ts';
