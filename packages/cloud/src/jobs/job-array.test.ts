import { expect, test } from 'vitest';
import { findArray, foldJobs, JobArray, reasonOf } from './job-array.ts';
import type { JobRequest, ListedJob } from './jobs-access.ts';

// The Hub would refuse this id as a label.
const LIFE = { run: 'qwen2.5-merge-4f3c2a1b0d', generation: 2 };

/** A Hub that keeps jobs. */
class Hub {
  readonly jobs: ListedJob[] = [];
  /** Jobs that its list does not show yet. */
  readonly unlisted = new Set<string>();
  /** Refuses further jobs once it has so many. */
  most = Number.POSITIVE_INFINITY;
  asked = 0;

  async list(labels: Readonly<Record<string, string>>): Promise<ListedJob[]> {
    const shown = this.jobs.filter(({ id }) => !this.unlisted.has(id));
    return shown.filter((job) => Object.entries(labels).every(([key, value]) => job.labels[key] === value));
  }

  async run({ labels = {}, flavor }: JobRequest): Promise<string> {
    this.asked++;
    for (const value of Object.values(labels)) expect(value).toMatch(/^[A-Za-z0-9_-]+$/);
    if (this.jobs.length >= this.most) throw new Error('too many jobs');
    const id = `job-${this.jobs.length}`;
    const createdAt = new Date(1e12 + this.jobs.length).toISOString();
    this.jobs.push({ id, labels, flavor, createdAt, stage: 'SCHEDULING', message: undefined });
    return id;
  }

  async status(id: string) {
    const job = this.jobs.find((one) => one.id === id);
    return { stage: job?.stage, message: job?.message };
  }

  set(index: number, stage: string): void {
    const job = this.jobs[index];
    if (job !== undefined) this.jobs[index] = { ...job, stage };
  }

  children(): (string | undefined)[] {
    return this.jobs.map(({ labels }) => labels['hubfuse-child']);
  }
}

function arrayOf(hub: Hub, options: { children?: number; found?: boolean; generation?: number } = {}): JobArray {
  const { children = 3, found = false, generation = LIFE.generation } = options;
  const life = { ...LIFE, generation };
  return new JobArray({
    ...{ access: hub, life, children },
    found: found ? findArray(hub.jobs, life) : undefined,
    request: async (_child, labels) => ({ labels, flavor: 'cpu-basic' }) as unknown as JobRequest,
  });
}

const advance = async (array: JobArray) => await array.complete(await array.look());

test('every child gets one job, also where the list does not show yet what was started', async () => {
  const hub = new Hub();
  const array = arrayOf(hub);
  await advance(array);
  for (const { id } of hub.jobs) hub.unlisted.add(id);
  await advance(array);
  expect(hub.children()).toEqual(['0', '1', '2']);
});

test('whoever comes after a launcher that died starts what is missing, and nothing else', async () => {
  const hub = new Hub();
  hub.most = 2;
  await advance(arrayOf(hub));
  hub.most = 10;
  const successor = arrayOf(hub, { found: true });
  await advance(successor);
  expect(hub.children()).toEqual(['0', '1', '2']);
  expect(new Set(hub.jobs.map(({ labels }) => labels['hubfuse-array']))).toEqual(new Set([successor.id]));
});

test('jobs of an earlier life of the run, and an array that has ended, are not gone on with', async () => {
  const hub = new Hub();
  await advance(arrayOf(hub, { generation: 1 }));
  expect(findArray(hub.jobs, LIFE)).toBeUndefined();
  await advance(arrayOf(hub));
  expect(findArray(hub.jobs, LIFE)?.jobs).toHaveLength(3);
  for (const index of [3, 4, 5]) hub.set(index, 'COMPLETED');
  expect(findArray(hub.jobs, LIFE)).toBeUndefined();
});

test('a lost machine is followed by another one, a bounded number of times; a child that ended well or was cancelled is not', async () => {
  const hub = new Hub();
  const array = arrayOf(hub);
  await advance(array);
  hub.set(0, 'COMPLETED');
  hub.set(1, 'CANCELED');
  for (let round = 0; round < 10; round++) {
    for (const [index, { labels }] of hub.jobs.entries()) if (labels['hubfuse-child'] === '2') hub.set(index, 'ERROR');
    await advance(array);
  }
  expect(hub.children()).toEqual(['0', '1', '2', '2', '2', '2']);
});

test('a Hub that has no more room is asked again, not for ever, and only where no child lives is that an error', async () => {
  const hub = new Hub();
  hub.most = 0;
  await expect(advance(arrayOf(hub))).rejects.toThrow('too many jobs');
  hub.most = 1;
  const array = arrayOf(hub);
  for (let round = 0; round < 50; round++) await advance(array);
  expect(hub.children()).toEqual(['0']);
  expect(hub.asked).toBeLessThan(30);
});

test('many states are one: running before pending before failed, with the reason that the Hub gives', () => {
  const jobs = (...stages: (string | undefined)[]): ListedJob[] =>
    stages.map((stage, index) => ({
      ...{ id: String(index), stage, flavor: 'f', labels: {}, createdAt: '' },
      message: stage === 'ERROR' ? 'Job timeout' : undefined,
    }));
  expect(foldJobs(jobs('COMPLETED', 'SCHEDULING', 'RUNNING'))).toEqual({ status: 'running' });
  expect(foldJobs(jobs('COMPLETED', 'SCHEDULING', 'ERROR'))).toEqual({ status: 'pending' });
  expect(foldJobs(jobs('COMPLETED', 'ERROR', undefined))).toEqual({ status: 'failed', reason: 'Job timeout' });
  expect(foldJobs([])).toMatchObject({ status: 'failed', reason: expect.stringContaining('knows the job no more') });
  expect(reasonOf(jobs('COMPLETED', 'CANCELED'))).toContain('COMPLETED, CANCELED');
});
