/** What a key may do. `admin` includes `run`, and `run` includes `read`. */
export type Scope = 'read' | 'run' | 'admin';

export const SCOPES: readonly Scope[] = ['read', 'run', 'admin'];

/** Who asks. */
export interface Principal {
  /** Id of the key, never the key; absent where the server is open to this machine. */
  key?: string;
  /** The key's name, for people. */
  name: string;
  scopes: readonly Scope[];
  /** Namespaces of the Hub that it may read privately and publish to; `*` stands for all. */
  namespaces: readonly string[];
  /** How it showed who it is. A cookie, and no key at all, are sent by a browser without being asked. */
  by: 'key' | 'session' | 'nothing';
}

/** Who asks a server that has no keys, on the machine that it runs on. */
export const LOCAL_USER: Principal = { name: 'local', scopes: SCOPES, namespaces: ['*'], by: 'nothing' };

export function mayUse(principal: Principal, scope: Scope): boolean {
  const least = SCOPES.indexOf(scope);
  return principal.scopes.some((held) => SCOPES.indexOf(held) >= least);
}

export function mayEnter(principal: Principal, namespace: string): boolean {
  return principal.namespaces.includes('*') || principal.namespaces.includes(namespace);
}
