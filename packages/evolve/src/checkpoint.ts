import type { ScoringEnvironment } from '@hubfuse/evaluate';
import { RunError } from '@hubfuse/plugin';
import type { SearchState } from './search-types.ts';

const VERSION = 1;

export interface Expected {
  kind: SearchState['kind'];
  identity: string;
  environment: ScoringEnvironment;
  allowOtherProcessor: boolean;
  replay: boolean;
}

/**
 * Reads a checkpoint.
 * @param text what the store holds; undefined where it holds nothing
 * @returns undefined where there is nothing to resume
 * @throws RunError where it is damaged, of another version, of another search or of another kind of processor; it is kept
 */
export function readCheckpoint(text: string | undefined, expected: Expected): SearchState | undefined {
  if (text === undefined) {
    if (!expected.replay) return undefined;
    throw refused('nothing-to-replay', 'there is no search whose decisions could be replayed');
  }
  const state = parse(text);
  if (state.version !== VERSION) {
    throw refused(
      'checkpoint-version',
      `the checkpoint has version ${String(state.version)}; this hubfuse knows ${VERSION}`,
    );
  }
  if (state.kind !== expected.kind || state.identity !== expected.identity) {
    throw refused('other-search', 'the checkpoint is of another search: its models, recipe, data or seed differ');
  }
  if (expected.replay && state.ended === undefined) {
    throw refused('unfinished', 'the search has not ended, so its decisions cannot be replayed to the end');
  }
  return state;
}

/**
 * Whether scores computed here have the same bits as those of the checkpoint.
 * @throws RunError where they may not and that was not allowed
 */
export function checkEnvironment(state: SearchState, expected: Expected): ScoringEnvironment | undefined {
  const last = state.otherEnvironments?.at(-1) ?? state.environment;
  // What has ended is not scored any more.
  if (expected.replay || state.ended !== undefined || same(last, expected.environment)) return undefined;
  if (expected.allowOtherProcessor) return last;
  throw new RunError({
    code: 'evolve/other-processor',
    message:
      `the search was scored by ${describe(last)}; here is ${describe(expected.environment)}, whose scores may differ in ` +
      'their last bits',
    hint: 'resume where it began, or accept that with --allow-other-processor',
  });
}

function parse(text: string): SearchState {
  try {
    const state = JSON.parse(text) as SearchState;
    if (typeof state === 'object' && state !== null && 'version' in state) return state;
  } catch {
    // Reported below, as is JSON that is no checkpoint.
  }
  throw refused('checkpoint-damaged', 'the checkpoint of the search cannot be read');
}

function same(a: ScoringEnvironment, b: ScoringEnvironment): boolean {
  return (
    a.provider === b.provider &&
    a.processor === b.processor &&
    a.platform === b.platform &&
    a.onnxruntime === b.onnxruntime
  );
}

function describe({ provider, processor, platform, onnxruntime }: ScoringEnvironment): string {
  return `${processor} (${platform}, ${provider}, onnxruntime ${onnxruntime})`;
}

function refused(what: string, message: string): RunError {
  return new RunError({
    code: `evolve/${what}`,
    message,
    hint: 'the checkpoint was left as it is; begin a new search beside it: --fresh, or another folder',
  });
}
