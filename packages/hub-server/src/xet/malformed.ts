import { HubError } from '@hubfuse/plugin';

/** What a client gets whose upload is not what the Xet protocol says. */
export function malformed(message: string): HubError {
  return new HubError({ code: 'hub-server/bad-xet', message });
}
