import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { PhaseName, RunReport } from '@hubfuse/runs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { environment } from '../environment.ts';
import { type ExampleHub, startExampleHub } from '../support/example-hub.ts';
import { exampleRecipe, executeExample, outOf } from './example-run.ts';

/** Kills of each kind. `npm run soak` sets HUBFUSE_KILLS; `npm test` runs a slice. */
const ROUNDS = environment.kills ?? 1;
const MINUTES_PER_ROUND = 1;

let hub: ExampleHub;
let reference: RunReport;
beforeAll(async () => {
  hub = await startExampleHub();
  reference = whole(await executeExample({ hub, name: 'reference', recipe: recipeTo('you/reference', 'commit') }));
});
afterAll(() => hub.close());

function recipeTo(repo: string, as: 'commit' | 'pull_request'): string {
  return exampleRecipe({ evaluate: false, publish: `publish:\n  hub: {repo: ${repo}, as: ${as}}` });
}

function whole({ report, error }: Awaited<ReturnType<typeof executeExample>>): RunReport {
  if (report === undefined) throw new Error(`the run failed: ${JSON.stringify(error)}`);
  return report;
}

/** Kills the process at a random moment after a phase began, then runs the same command until it ends by itself. */
async function killAndResume(options: {
  name: string;
  recipe: string;
  phase: PhaseName;
  withinMs: number;
}): Promise<{ report: RunReport; killedAfterMs: number }> {
  const { name, recipe, phase, withinMs } = options;
  const killedAfterMs = Math.random() * withinMs;
  const killLater = (child: ChildProcess) => setTimeout(() => child.kill('SIGKILL'), killedAfterMs);
  let timer: NodeJS.Timeout | undefined;
  let assembling = false;
  const first = await executeExample({
    hub,
    name,
    recipe,
    onEvent: (event, child) => {
      if (event.type !== 'phase-started') return;
      if (event.phase === phase) timer = killLater(child);
      if (event.phase === 'assemble') assembling = true;
    },
  });
  clearTimeout(timer);
  // On a fast machine the kill may come after the phase that it aims at.
  if (first.signal === 'SIGKILL' && !assembling) expect(existsSync(outOf(hub, name))).toBe(false);
  const second = first.report === undefined ? await executeExample({ hub, name, recipe }) : first;
  return { report: whole(second), killedAfterMs };
}

/** What a resumed run must have in common with one that was never killed. */
async function expectSameModel(name: string, report: RunReport, killedAfterMs: number): Promise<void> {
  const where = `killed after ${killedAfterMs.toFixed(1)} ms`;
  expect(report.files, where).toEqual(reference.files);
  expect(await readdir(dirname(outOf(hub, name))), where).not.toContainEqual(expect.stringMatching(/^\.merged/));
}

async function commitsOf(repo: string): Promise<{ id: string; title: string }[]> {
  const response = await fetch(`${hub.url}/api/models/${repo}/commits/main`);
  return (await response.json()) as { id: string; title: string }[];
}

async function publishedCommits(repo: string): Promise<number> {
  return (await commitsOf(repo)).filter(({ title }) => title.startsWith('Merge example')).length;
}

test.each(Array.from({ length: ROUNDS }, (_, round) => round))(
  'a run that is killed while it downloads ends with the same bytes (round %i)',
  async (round) => {
    // Slow enough that the kill falls into the transfer.
    hub.setFaults([{ kind: 'slow', path: 'safetensors', delayMs: 20, bytesPerSecond: 6_000_000, times: 10_000 }]);
    try {
      const name = `download-${round}`;
      const repo = `you/${name}`;
      const outcome = await killAndResume({ name, recipe: recipeTo(repo, 'commit'), phase: 'fetch', withinMs: 1500 });
      await expectSameModel(name, outcome.report, outcome.killedAfterMs);
      expect(await publishedCommits(repo)).toBe(1);
    } finally {
      hub.setFaults([]);
    }
  },
  MINUTES_PER_ROUND * 60_000,
);

test.each(Array.from({ length: ROUNDS }, (_, round) => round))(
  'a run that is killed while it merges ends with the same bytes (round %i)',
  async (round) => {
    const name = `merge-${round}`;
    const repo = `you/${name}`;
    const outcome = await killAndResume({ name, recipe: recipeTo(repo, 'commit'), phase: 'merge', withinMs: 900 });
    await expectSameModel(name, outcome.report, outcome.killedAfterMs);
    expect(await publishedCommits(repo)).toBe(1);
  },
  MINUTES_PER_ROUND * 60_000,
);

test.each(Array.from({ length: ROUNDS }, (_, round) => round))(
  'a run that is killed while it publishes publishes once (round %i)',
  async (round) => {
    const name = `publish-${round}`;
    const repo = `you/${name}`;
    const outcome = await killAndResume({ name, recipe: recipeTo(repo, 'commit'), phase: 'publish', withinMs: 500 });
    await expectSameModel(name, outcome.report, outcome.killedAfterMs);
    expect(await publishedCommits(repo), `killed after ${outcome.killedAfterMs} ms`).toBe(1);
    const head = (await commitsOf(repo)).find(({ title }) => title.startsWith('Merge example'));
    expect(outcome.report.published).toEqual([expect.objectContaining({ publisher: 'hub', revision: head?.id })]);
  },
  MINUTES_PER_ROUND * 60_000,
);

test.each(Array.from({ length: ROUNDS }, (_, round) => round))(
  'a run that is killed while it opens a pull request opens one (round %i)',
  async (round) => {
    const name = `pull-${round}`;
    const repo = `you/${name}`;
    const recipe = recipeTo(repo, 'pull_request');
    const outcome = await killAndResume({ name, recipe, phase: 'publish', withinMs: 500 });
    await expectSameModel(name, outcome.report, outcome.killedAfterMs);
    const response = await fetch(`${hub.url}/api/models/${repo}/discussions?types[]=pull_request`);
    const { discussions } = (await response.json()) as { discussions: { num: number; isPullRequest: boolean }[] };
    expect(discussions.filter(({ isPullRequest }) => isPullRequest)).toHaveLength(1);
    expect(outcome.report.published[0]?.as).toBe('pull_request');
  },
  MINUTES_PER_ROUND * 60_000,
);

test.skipIf(!process.env.HUBFUSE_SOAK).each(Array.from({ length: ROUNDS }, (_, round) => round))(
  'a run that is killed while its folder is assembled ends with the same bytes (round %i)',
  async (round) => {
    const name = `assemble-${round}`;
    const repo = `you/${name}`;
    const outcome = await killAndResume({ name, recipe: recipeTo(repo, 'commit'), phase: 'assemble', withinMs: 300 });
    await expectSameModel(name, outcome.report, outcome.killedAfterMs);
    expect(await publishedCommits(repo)).toBe(1);
  },
  MINUTES_PER_ROUND * 60_000,
);

test('a publication whose answer was lost together with the process is found and not repeated', async () => {
  hub.setFaults([{ kind: 'lose-reply', method: 'POST', path: '/commit/main', times: 1 }]);
  const name = 'lost-answer';
  const repo = `you/${name}`;
  let child: ChildProcess | undefined;
  const watch = setInterval(async () => {
    if ((await publishedCommits(repo).catch(() => 0)) > 0) child?.kill('SIGKILL');
  }, 5);
  try {
    const recipe = recipeTo(repo, 'commit');
    const first = await executeExample({ hub, name, recipe, onStart: (started) => (child = started) });
    clearInterval(watch);
    const second = first.report === undefined ? await executeExample({ hub, name, recipe }) : first;
    expect(whole(second).published[0]?.already).toBe(true);
    expect(await publishedCommits(repo)).toBe(1);
  } finally {
    clearInterval(watch);
    hub.setFaults([]);
  }
});
