import { hasScope, type Key, type Scope } from '@hubfuse/service';

/** Who asks. */
export interface Principal {
  /** What is known of the key; absent where the server is open to this machine, which then may do everything. */
  key?: Key | undefined;
  /** How it showed who it is. A cookie, and no key at all, are sent by a browser without being asked. */
  by: 'key' | 'session' | 'nothing';
}

export function mayUse({ key }: Principal, scope: Scope): boolean {
  return key === undefined || hasScope(key, scope);
}
