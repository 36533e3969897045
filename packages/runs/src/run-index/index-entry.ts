import type { PhaseName } from '../phase.ts';
import type { EvaluateOutput } from '../phases/evaluate.ts';
import type { GateOutput } from '../phases/gate.ts';
import type { RunSpec, RunState, RunSummary } from '../run.ts';
import { stateOf } from '../state-word.ts';

/** Characters of an error's message that a list shows. */
const LONGEST_MESSAGE = 300;

/** A run as the index keeps it. */
export interface IndexEntry extends RunSummary {
  /** Revision of the state that it shows. */
  revision: number;
}

/** The part of an entry that changes with the state. */
type ChangingPart = Pick<
  IndexEntry,
  | 'status'
  | 'state'
  | 'phase'
  | 'updatedAt'
  | 'error'
  | 'published'
  | 'attempts'
  | 'revision'
  | 'score'
  | 'bestParent'
  | 'gate'
>;

export function entryOf(spec: RunSpec, state: RunState): IndexEntry {
  const { id, name, recipe, origin, createdAt } = spec;
  const models = [...(recipe.base === undefined ? [] : [recipe.base]), ...recipe.models];
  const names = models.map(({ reference }) => (reference.kind === 'hub' ? reference.repo : reference.path));
  return {
    ...{ id, name, createdAt },
    method: recipe.method,
    models: [...new Set(names)],
    trigger: origin.trigger,
    ...(origin.recipe === undefined ? {} : { recipe: origin.recipe.name }),
    ...(origin.key === undefined ? {} : { key: origin.key }),
    ...changingPart(state),
  };
}

/** The entry with what a later state says. */
export function withState(entry: IndexEntry, state: RunState): IndexEntry {
  const { phase: _, error: __, published: ___, score: ____, bestParent: _____, gate: ______, ...rest } = entry;
  return { ...rest, ...changingPart(state) };
}

/** Whether a list shows two states alike. */
export function looksAlike(one: RunState, other: RunState): boolean {
  return shown(changingPart(one)) === shown(changingPart(other));
}

/** Whether an entry says what a state says now. */
export function shows(entry: IndexEntry, state: RunState): boolean {
  return shown(entry) === shown(changingPart(state));
}

function shown(part: ChangingPart): string {
  const { status, state, phase, attempts, error, published, score, bestParent, gate } = part;
  return JSON.stringify([status, state, phase, attempts, error, published, score, bestParent, gate]);
}

function changingPart(state: RunState): ChangingPart {
  const { status, updatedAt, error, published, attempts, revision } = state;
  const phase = state.phases.find((phase) => phase.status !== 'done')?.name;
  return {
    ...{ status, updatedAt, attempts, revision },
    state: stateOf(state),
    ...(phase === undefined ? {} : { phase }),
    ...(error === undefined ? {} : { error: { code: error.code, message: error.message.slice(0, LONGEST_MESSAGE) } }),
    ...(published === undefined ? {} : { published }),
    ...outcomeOf(state),
  };
}

/** What a list shows of scores and gate, as far as they are known. */
function outcomeOf({ phases }: RunState): Pick<RunSummary, 'score' | 'bestParent' | 'gate'> {
  const output = <T>(name: PhaseName): T | undefined =>
    phases.find((phase) => phase.name === name && phase.status === 'done')?.output as T | undefined;
  const rows = output<EvaluateOutput>('evaluate')?.table.rows ?? [];
  const merged = rows.find(({ role }) => role === 'merged');
  const split = merged?.dev === undefined ? 'test' : 'dev';
  const score = merged?.[split]?.mean;
  const parents = rows.flatMap((row) => (row.role === 'parent' && row[split] !== undefined ? [row[split].mean] : []));
  const gate = output<GateOutput>('gate')?.gate.met;
  return {
    ...(score === undefined ? {} : { score }),
    ...(score === undefined || parents.length === 0 ? {} : { bestParent: Math.max(...parents) }),
    ...(gate === undefined ? {} : { gate }),
  };
}
