import type { JsonFormat } from '@hubfuse/objects';
import { runKeys } from './keys.ts';
import { listArtefact } from './publication/kept-files.ts';
import type { Artefact, KeptFile, RunSpec, RunState } from './run.ts';
import { COMMAND_ORIGIN } from './run-origin.ts';

/** `spec.json`. Version 2 says who asked for a run and what it may spend. */
export const SPEC_FORMAT: JsonFormat = {
  version: 2,
  migrate: (value): RunSpec => ({
    ...(value as Omit<RunSpec, 'origin' | 'limits'>),
    origin: COMMAND_ORIGIN,
    limits: {},
  }),
};

const FIRST_COUNTS = { revision: 0, workedSeconds: 0 };

/**
 * `state.json`. In version 1 a run that nobody had begun was called `created`. Up to version 2 each file of the model that was kept
 * in the store was an artefact of its own, under a key that every attempt wrote to.
 */
export const STATE_FORMAT: JsonFormat = {
  version: 3,
  migrate: (value): RunState => {
    const old = value as Omit<RunState, 'status'> & { status: RunState['status'] | 'created' };
    const artefacts = withFileList(old.id, old.artefacts);
    return { ...FIRST_COUNTS, ...old, artefacts, status: old.status === 'created' ? 'queued' : old.status };
  },
};

/** Files that were artefacts of their own as those of one list. */
function withFileList(id: string, artefacts: readonly Artefact[]): Artefact[] {
  const { files: prefix } = runKeys(id);
  const [files, others]: [KeptFile[], Artefact[]] = [[], []];
  for (const artefact of artefacts) {
    const { kind, location, size, sha256 } = artefact;
    if (kind === 'object' && location.startsWith(prefix) && size !== undefined && sha256 !== undefined) {
      files.push({ path: location.slice(prefix.length), key: location, size, sha256 });
    } else others.push(artefact);
  }
  if (files.length === 0) return others;
  return [...others, { ...listArtefact({ location: '', files }), files }];
}
