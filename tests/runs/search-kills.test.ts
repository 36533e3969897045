import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import type { RunEvent, RunReport } from '@hubfuse/runs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { environment } from '../environment.ts';
import { type ExampleHub, startExampleHub } from '../support/example-hub.ts';
import { exampleRecipe, executeExample, outOf, type RunOutcome } from './example-run.ts';

/** Searches that are killed. `npm run soak` sets HUBFUSE_KILLS; `npm test` runs a slice. */
const ROUNDS = environment.kills ?? 1;
const MINUTES_PER_ROUND = 4;
/** Processes that are killed in one round, at most. */
const MOST_KILLS = 3;
/** Of each a run has some more events than that. */
const EVENTS = 24;
const LONGEST_DELAY_MS = 700;
/** Where candidates and populations lie in memory. */
const MEMORY_FOLDER = '/dev/shm';

const data = { domains: ['money', 'home', 'travel'], evaluate: 30, splits: ['dev'] } as const;
/** A recipe whose models are measured, each on examples of its own that are not scored, and anew where they have evolved. */
function measuredAnew(method: 'regmean' | 'fisher', statistics: 'grams' | 'fisher'): string {
  const more = `evolve: {generations: 2, mode: blend, scale: 0.3, refresh: ${statistics}}`;
  return exampleRecipe({ ...data, method, more })
    .replace(/^base_model:.*\n/m, '')
    .replace(
      /^ {2}- (hubfuse-examples\/intents-(\w+))$/gm,
      '  - model: $1\n    calibration: {data: $2/dev.jsonl, from: hubfuse-examples/clinc150, split: "[30:62]"}',
    );
}

const KINDS = [
  {
    ...{ kind: 'steady', workers: 2 },
    recipe: exampleRecipe({
      ...{ ...data, method: 'task_arithmetic' },
      more: 'parameters: {lambda: 0.3}\nevolve: {generations: 2, mode: blend, crossover: 0.7}',
    }),
  },
  {
    ...{ kind: 'synchronous', workers: 3 },
    recipe: exampleRecipe({
      ...{ ...data, method: 'linear' },
      more: 'evolve: {generations: 2, update: synchronous}',
    }).replace(/^base_model:.*\n/m, ''),
  },
  {
    ...{ kind: 'coefficients', workers: 1 },
    recipe: exampleRecipe({ ...data, method: 'task_arithmetic', more: 'search: {over: lambda, evaluations: 6}' }),
  },
  { ...{ kind: 'grams anew', workers: 2 }, recipe: measuredAnew('regmean', 'grams') },
  { ...{ kind: 'fisher anew', workers: 2 }, recipe: measuredAnew('fisher', 'fisher') },
] as const;

let hub: ExampleHub;
const references = new Map<string, RunReport>();
beforeAll(async () => {
  hub = await startExampleHub();
  for (const { kind, recipe } of KINDS.slice(0, ROUNDS)) {
    // One worker, whatever the number of those that are killed.
    references.set(kind, whole(await executeExample({ hub, name: `reference-${kind}`, recipe, workers: 1 })));
  }
}, MINUTES_PER_ROUND * 60_000);
afterAll(() => hub.close());

function whole({ report, error }: RunOutcome): RunReport {
  if (report === undefined) throw new Error(`the run failed: ${JSON.stringify(error)}`);
  return report;
}

/** Candidates that were decided on. */
function decisions(events: readonly RunEvent[]): number[] {
  return events.flatMap((event) =>
    event.type === 'search' && event.search.type === 'candidate' ? [event.search.record.number] : [],
  );
}

const rounds = Array.from({ length: ROUNDS }, (_, round) => {
  const { kind, ...search } = KINDS[round % KINDS.length] ?? KINDS[0];
  return [kind, round, search] as const;
});

test.each(rounds)(
  'a search (%s) that is killed goes on after its last decision and ends with the same bytes (round %i)',
  async (kind, round, { recipe, workers }) => {
    const name = `search-${round}`;
    const killed: number[] = [];
    const where: string[] = [kind];
    const decided: number[] = [];
    const kills = 1 + Math.floor(Math.random() * MOST_KILLS);
    let outcome: RunOutcome | undefined;
    while (outcome?.report === undefined) {
      const after = Math.floor(Math.random() * EVENTS);
      const delay = Math.random() * LONGEST_DELAY_MS;
      const isLast = killed.length === kills;
      let heard = 0;
      outcome = await executeExample({
        ...{ hub, name, recipe, workers },
        onStart: (child: ChildProcess) => {
          if (!isLast && child.pid !== undefined) killed.push(child.pid);
        },
        onEvent: (_, child) => {
          if (!isLast && heard++ === after) setTimeout(() => child.kill('SIGKILL'), delay);
        },
      });
      if (!isLast) where.push(`killed ${delay.toFixed(0)} ms after event ${after}`);
      // A decision that was stored and whose event was not is not made again.
      for (const number of decisions(outcome.events)) expect(decided, where.join(', ')).not.toContain(number);
      decided.push(...decisions(outcome.events));
      if (outcome.report !== undefined) break;
      expect(outcome.signal, `${where.join(', ')}: ${JSON.stringify(outcome.error)}`).toBe('SIGKILL');
      if (!outcome.events.some((event) => event.type === 'phase-started' && event.phase === 'assemble')) {
        expect(existsSync(outOf(hub, name)), where.join(', ')).toBe(false);
      }
    }
    expect(whole(outcome).files, where.join(', ')).toEqual(references.get(kind)?.files);
    // What a killed process had in memory was removed by the one that went on.
    const left = existsSync(MEMORY_FOLDER) ? await readdir(MEMORY_FOLDER) : [];
    const own = left.filter((file) => killed.some((pid) => /^hubfuse-arena\./.test(file) && file.includes(`.${pid}.`)));
    expect(own, where.join(', ')).toEqual([]);
  },
  MINUTES_PER_ROUND * 60_000,
);
