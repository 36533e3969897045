import { existsSync } from 'node:fs';
import type { RunReport } from '@hubfuse/runs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ExampleHub, startExampleHub } from '../support/example-hub.ts';
import { exampleRecipe, executeExample, outOf } from './example-run.ts';

/** Kills of each kind. `npm run soak` sets HUBFUSE_KILLS; `npm test` runs a slice. */
const ROUNDS = Number(process.env.HUBFUSE_KILLS || 1);
const MINUTES_PER_ROUND = 2;
const CANDIDATES = 6;

const recipe = exampleRecipe({
  method: 'task_arithmetic',
  domains: ['money', 'home', 'travel'],
  evaluate: 30,
  splits: ['dev'],
  more: 'parameters: {lambda: 0.3}\nevolve: {generations: 2, mode: blend, crossover: 0.7}',
});

let hub: ExampleHub;
let reference: RunReport;
beforeAll(async () => {
  hub = await startExampleHub();
  reference = whole(await executeExample({ hub, name: 'reference', recipe }));
}, MINUTES_PER_ROUND * 60_000);
afterAll(() => hub.close());

function whole({ report, error }: Awaited<ReturnType<typeof executeExample>>): RunReport {
  if (report === undefined) throw new Error(`the run failed: ${JSON.stringify(error)}`);
  return report;
}

test.each(Array.from({ length: ROUNDS }, (_, round) => round))(
  'a search that is killed goes on after its last decision and ends with the same bytes (round %i)',
  async (round) => {
    const name = `search-${round}`;
    const last = Math.floor(Math.random() * CANDIDATES);
    const delay = Math.random() * 700;
    const decided: number[] = [];
    const first = await executeExample({
      hub,
      name,
      recipe,
      onEvent: (event, child) => {
        if (event.type !== 'search' || event.search.type !== 'candidate') return;
        decided.push(event.search.record.number);
        if (event.search.record.number === last) setTimeout(() => child.kill('SIGKILL'), delay);
      },
    });
    const where = `killed ${delay.toFixed(0)} ms after candidate ${last}`;
    if (first.report === undefined) expect(existsSync(outOf(hub, name)), where).toBe(false);
    const second = first.report === undefined ? await executeExample({ hub, name, recipe }) : first;
    expect(whole(second).files, where).toEqual(reference.files);
    const again = second.events.flatMap((event) =>
      event.type === 'search' && event.search.type === 'candidate' ? [event.search.record.number] : [],
    );
    // A decision that was stored and whose event was not is not made again.
    if (second !== first) for (const number of again) expect(decided, where).not.toContain(number);
  },
  MINUTES_PER_ROUND * 60_000,
);
