import type { Context } from 'hono';
import type { Principal } from './principal.ts';

/** What middleware leaves for the handlers of a request. */
export interface ApiEnv {
  Variables: {
    requestId: string;
    principal: Principal;
    /** Address of the client, where the server knows it. */
    clientAddress: string;
  };
}

export type ApiContext = Context<ApiEnv>;
