import { createHash } from 'node:crypto';
import { type RaceTrace, RisingBar, type ScoringEnvironment, type Verdict, verdictOf } from '@hubfuse/evaluate';
import type { Arena, Candidate, JudgeOptions } from '@hubfuse/evolve';
import type { Genealogy, MergePlan } from '@hubfuse/merge';
import { type JsonFormat, jsonOf, toJson } from '@hubfuse/objects';
import { RunError } from '@hubfuse/plugin';
import type { TaskHelper } from './serve-tasks.ts';
import type { TaskDesk } from './task-desk.ts';
import { padded, taskName } from './task-name.ts';

const FORMAT: JsonFormat = { version: 2, dense: true };

/** With the version of what its tasks say: whoever speaks another one has a board of its own. */
export const SEARCH_GROUP = `search${FORMAT.version}-`;

/** What all who share a search are told. Plain data. */
export interface SearchJob {
  /** Scores of another kind of processor may differ in their last bits, so that whoever has one does not help. */
  environment: ScoringEnvironment;
}

/** A candidate that is to be raced. The plan is the run's. */
interface CandidateTask {
  genealogy?: Genealogy | undefined;
  /** What it must beat at least, as far as that is known; absent: it is scored to the end. */
  bar?: number | undefined;
}

export function readSearchJob(body: Uint8Array): SearchJob {
  return parse<SearchJob>(body);
}

/** Whether scores computed in two places have the same bits. */
export function sameEnvironment(one: ScoringEnvironment, other: ScoringEnvironment): boolean {
  const keys = ['provider', 'processor', 'platform', 'onnxruntime'] as const;
  return keys.every((key) => one[key] === other[key]);
}

/**
 * Announces a search to all children and returns what judges candidates by them: a candidate travels as its genealogy, and comes
 * back as the trace of its race, so that the verdict is that against the bar when its turn comes.
 */
export async function openSharedJudge(options: {
  desk: TaskDesk;
  arena: Pick<Arena, 'environment'>;
  /** Digest of everything that decides. */
  identity: string;
}): Promise<Arena['judge']> {
  const { desk, arena, identity } = options;
  const group = `${SEARCH_GROUP}${identity.slice(0, 16)}`;
  await desk.announce(group, bytesOf({ environment: arena.environment } satisfies SearchJob));
  return (candidate, judging) => judge({ desk, group, candidate, judging });
}

async function judge(options: {
  desk: TaskDesk;
  group: string;
  candidate: Candidate;
  judging: JudgeOptions;
}): Promise<Verdict> {
  const { desk, group, candidate, judging } = options;
  const { bar, rising, signal } = judging;
  const { genealogy } = candidate;
  const taskOf = (bar: number | undefined) => bytesOf({ genealogy, bar } satisfies CandidateTask);
  const task = taskOf(bar);
  const name = taskName({ group, rest: candidateName(genealogy) });
  for (;;) {
    const asking = desk.ask(name, task, { amend: rising && (() => taskOf(rising.value)), signal });
    const result = await (rising === undefined ? asking : unlessGivenUp(asking, rising));
    if (result === undefined) {
      await desk.forget(name);
      throw new RunError({ code: 'run/candidate-given-up', message: 'a candidate was given up that nothing needs' });
    }
    await rising?.settled;
    const verdict = verdictOf(parse<RaceTrace>(result), rising?.value ?? bar);
    // What was made of it is of no more use, or, against a bar that an earlier leader had raised too far, of none at all.
    await desk.forget(name);
    if (verdict !== undefined) return verdict;
  }
}

/** Undefined where a bar is settled that no score is above: nobody waits for the verdict. */
async function unlessGivenUp(asking: Promise<Uint8Array>, rising: RisingBar): Promise<Uint8Array | undefined> {
  const givenUp = rising.settled.then(() => rising.value === Number.POSITIVE_INFINITY);
  const first = await Promise.race([asking, givenUp.then((up) => (up ? undefined : asking))]);
  if (first === undefined) asking.catch(() => undefined);
  return first;
}

/** A name of which the order is that in which decisions need candidates. */
function candidateName(genealogy: Genealogy | undefined): string {
  const last = genealogy?.steps.at(-1);
  const digest = createHash('sha256')
    .update(JSON.stringify(genealogy ?? null))
    .digest('hex');
  return [padded((last?.generation ?? -1) + 1), padded(last?.individual ?? 0), digest.slice(0, 16)].join('-');
}

/** Races candidates in an arena for whoever leads the search. The arena stays open. */
export function searchHelper({ arena, plan }: { arena: Arena; plan: MergePlan }): TaskHelper {
  return {
    parallel: arena.parallel,
    async do({ body, signal, onAmended }) {
      const { genealogy, bar } = parse<CandidateTask>(body);
      const rising = bar === undefined ? undefined : new RisingBar(bar);
      onAmended((amended) => {
        const { bar: risen } = parse<CandidateTask>(amended);
        if (risen !== undefined) rising?.raise(risen);
      });
      return bytesOf(await arena.trace({ plan, genealogy }, { bar: rising, signal }));
    },
    close: async () => undefined,
  };
}

function bytesOf(value: object): Uint8Array {
  return toJson(value, FORMAT);
}

function parse<T>(bytes: Uint8Array): T {
  return jsonOf<T>(bytes, { where: 'a task of the search', format: FORMAT });
}
