import type { Job, Launcher, SubmittedJob } from '@hubfuse/plugin';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

/** What a launcher is tried with. */
export interface LauncherBench {
  launcher: Launcher;
  /** A run that waits: one that is merged within seconds, one that takes a minute at least, one that has no models. */
  waiting(kind: 'quick' | 'slow' | 'broken'): Promise<Job>;
  /** From here on slow runs are quick. */
  hurry(): void;
  /** The status in the store. */
  statusOf(job: Pick<Job, 'run'>): Promise<string>;
  /** The same store, opened as another process would. */
  reopen(job: Job): Promise<Job['store']>;
  close(): Promise<void>;
}

const PATIENCE = { timeout: 60_000, interval: 200 };

/** What every launcher keeps to, wherever it executes. */
export function launcherContract(name: string, open: () => Promise<LauncherBench>): void {
  describe(`launcher contract: ${name}`, () => {
    let bench: LauncherBench;
    beforeAll(async () => {
      bench = await open();
    });
    afterAll(() => bench.close());

    const submitted = async (job: Job): Promise<{ job: SubmittedJob; ended: Promise<void> }> => {
      const { handle, ended } = await bench.launcher.submit(job);
      return { job: { run: job.run, store: job.store, handle }, ended };
    };
    const linesOf = async (job: SubmittedJob): Promise<string[]> => {
      const lines: string[] = [];
      for await (const line of bench.launcher.logs(job)) lines.push(line);
      return lines;
    };

    test('a run is executed to its end, and any process can ask after it', async () => {
      const waiting = await bench.waiting('quick');
      const { job, ended } = await submitted(waiting);
      await ended;
      expect(await bench.statusOf(job)).toBe('done');
      const elsewhere = { ...job, store: await bench.reopen(waiting) };
      expect(await bench.launcher.describe(elsewhere)).toEqual({ status: 'done' });
      const lines = await linesOf(elsewhere);
      expect(lines.length).toBeGreaterThan(3);
      for (const line of lines) expect(line).not.toContain('\n');
    }, 120_000);

    test('whoever waits for a run that fails gets its error, and whoever asks later the reason', async () => {
      const { job, ended } = await submitted(await bench.waiting('broken'));
      await expect(ended).rejects.toMatchObject({ code: expect.stringMatching(/^hub\//) });
      expect(await bench.launcher.describe(job)).toMatchObject({
        status: 'failed',
        reason: expect.stringContaining('no-such-model'),
      });
    }, 120_000);

    test('a run under way is stopped from another process', async () => {
      const waiting = await bench.waiting('slow');
      const { job, ended } = await submitted(waiting);
      const outcome = ended.then(
        () => undefined,
        (error: unknown) => error,
      );
      await expect.poll(async () => (await bench.launcher.describe(job)).status, PATIENCE).toBe('running');
      await bench.launcher.cancel({ ...job, store: await bench.reopen(waiting) });
      expect(await outcome).toMatchObject({ code: 'run/cancelled' });
      expect((await bench.launcher.describe(job)).status).toBe('cancelled');
      bench.hurry();
    }, 120_000);

    test('a run that is cancelled before its job begins is not executed', async () => {
      const waiting = await bench.waiting('quick');
      await bench.launcher.cancel({ run: waiting.run, store: waiting.store, handle: waiting.run });
      expect(await bench.statusOf(waiting)).toBe('cancelled');
      const { ended } = await submitted(waiting);
      await expect(ended).rejects.toMatchObject({ code: 'run/cancelled' });
      expect(await bench.statusOf(waiting)).toBe('cancelled');
    }, 120_000);
  });
}
