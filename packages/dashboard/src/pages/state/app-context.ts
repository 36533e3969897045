import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Session } from '../api/types.ts';

/** What every page knows. */
export interface AppContext {
  session: Session;
  /** Says something to a screen reader, and shows it for a while. */
  announce(message: string): void;
  signOut(): void;
}

export const App = createContext<AppContext | undefined>(undefined);

export function useApp(): AppContext {
  const app = useContext(App);
  if (app === undefined) throw new Error('this page stands outside of the application');
  return app;
}

/** Whether the caller's key may do something. */
export function may(session: Session, scope: Session['scopes'][number]): boolean {
  return session.scopes.includes(scope) || session.scopes.includes('admin');
}
