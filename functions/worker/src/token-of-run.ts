import { type ObjectStore, RunError } from '@hubfuse/plugin';
import { readRunState } from '@hubfuse/runs';
import { lifeOf, parseMasterKey, readAccess, SecretStore } from '@hubfuse/service';

/**
 * The token that its caller gave a run, from the secret store; undefined for a run that uses the service's own.
 * @throws RunError `run/no-token` where it is gone: the service's token must not take its place
 */
export async function tokenOfRun(options: {
  store: ObjectStore;
  runId: string;
  /** Of the service, as its environment gives it. */
  masterKey: string;
}): Promise<string | undefined> {
  const { store, runId, masterKey } = options;
  const access = await readAccess(store, runId);
  if (access?.ownToken !== true) return undefined;
  const life = lifeOf(await readRunState({ store, runId }));
  const token = await new SecretStore({ store, master: parseMasterKey(masterKey) }).take(life);
  if (token !== undefined) return token;
  throw new RunError({
    code: 'run/no-token',
    message: `the token that came with the run "${runId}" is gone`,
    hint: 'ask for the run again, with a token',
  });
}
