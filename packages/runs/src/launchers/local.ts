import { type ChildProcess, spawn } from 'node:child_process';
import { createReadStream, existsSync } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { availableParallelism, hostname } from 'node:os';
import { basename, dirname } from 'node:path';
import { createInterface } from 'node:readline';
import {
  type Job,
  type JobDescription,
  type Launcher,
  RunError,
  reviveError,
  type SubmittedJob,
} from '@hubfuse/plugin';
import { cancelRun } from '../cancel-run.ts';
import type { Children } from '../children/lead-children.ts';
import { readEvents } from '../event-log.ts';
import type { ExecutionOptions } from '../execution.ts';
import { readSpec } from '../read-run.ts';
import { readState } from '../state-cell.ts';
import { describeState } from '../worker-process/describe-state.ts';
import { logFile } from '../worker-process/log-file.ts';
import {
  hasEnded,
  isHere,
  keepWorkerProcess,
  readWorkerProcess,
  type WorkerProcess,
} from '../worker-process/worker-process.ts';

/**
 * A process per run on this machine, which goes on when its parent ends: `hubfuse worker` over the same store; several where
 * the recipe wants children. What is asked of it later is answered by the store, whoever asks; its log is a file below the workspace.
 */
const local: Launcher = {
  kind: 'launcher',
  name: 'local',
  description: 'in a process of its own on this machine',

  async submit({ run, store, execution }: Job & { execution: ExecutionOptions }) {
    const count = (await readSpec(store, run)).recipe.compute?.children ?? 1;
    const started = await Promise.all(
      Array.from({ length: count }, async (_, index) => {
        const children = count === 1 ? undefined : { count, index };
        const log = logFile(execution.workspace, run, children?.index);
        const child = await start({ run, store: store.url, log, execution, children });
        return { child, pid: child.pid ?? 0, log };
      }),
    );
    const [{ pid, log }, ...others] = started as [Started, ...Started[]];
    const worker: WorkerProcess = {
      ...{ host: hostname(), pid, log, startedAt: new Date().toISOString() },
      ...(others.length === 0 ? {} : { others: others.map((other) => ({ pid: other.pid, log: other.log })) }),
    };
    await keepWorkerProcess(store, run, worker);
    const stop = (): void => void cancelRun({ store, runId: run }).catch(() => undefined);
    execution.signal?.addEventListener('abort', stop, { once: true });
    const ended = Promise.all(started.map(({ child }) => endOf(child))).then(async (ends) => {
      execution.signal?.removeEventListener('abort', stop);
      await requireDone({ store, run, how: ends.join(', ') });
    });
    // Whoever submits may look at `ended` later than it is rejected, or never.
    ended.catch(() => undefined);
    return { handle: `${pid}@${worker.host}`, ended };
  },

  async describe({ store, run }: SubmittedJob): Promise<JobDescription> {
    const { state } = await readState(store, run);
    const worker = await readWorkerProcess(store, run);
    if (state.status === 'queued' && worker !== undefined && hasEnded(worker)) {
      return { status: 'failed', reason: `its process ended before it took the run: see ${worker.log}` };
    }
    return describeState(state);
  },

  async cancel({ store, run }: SubmittedJob) {
    await cancelRun({ store, runId: run });
  },

  async *logs({ store, run }: SubmittedJob) {
    const worker = await readWorkerProcess(store, run);
    if (worker === undefined || !isHere(worker) || !existsSync(worker.log)) {
      // Another machine holds the log, or it was cleared: what happened is in the store.
      for await (const event of readEvents({ store, runId: run })) yield JSON.stringify(event);
      return;
    }
    for (const { log } of [worker, ...(worker.others ?? [])]) {
      if (!existsSync(log)) continue;
      yield* createInterface({ input: createReadStream(log, 'utf8'), crlfDelay: Number.POSITIVE_INFINITY });
    }
  },
};

interface Started {
  child: ChildProcess;
  pid: number;
  log: string;
}

/** Starts `hubfuse worker` with a log of its own, apart from this process's group. */
async function start(options: {
  run: string;
  store: string;
  log: string;
  execution: ExecutionOptions;
  /** Which of how many this one is. */
  children: Children | undefined;
}): Promise<ChildProcess> {
  const { run, store, log, execution, children } = options;
  const { worker, workspace, memory, device, allowOtherProcessor, hub } = execution;
  // Those of one machine share its processors.
  const share = children && Math.max(1, Math.floor(availableParallelism() / children.count));
  const workers = execution.workers ?? share;
  const bin = worker?.bin ?? ownCommand();
  if (bin === undefined) {
    throw new RunError({
      code: 'run/no-worker-command',
      message: `the launcher local starts a process for the run "${run}", and nobody said which program`,
      hint: 'give `worker: {bin}`, the path of the hubfuse command, with what the run is executed with',
    });
  }
  const given: readonly [string, string | number | undefined][] = [
    ['--run', run],
    ['--store', store],
    ['--workspace', workspace],
    ['--hub', hub.hubUrl],
    ['--workers', workers],
    ['--memory', memory],
    ['--children', children?.count],
    ['--child', children?.index],
    ['--device', device],
  ];
  const settings = given.flatMap(([name, value]) => (value === undefined ? [] : [name, String(value)]));
  const flags = allowOtherProcessor === true ? ['--allow-other-processor'] : [];
  await mkdir(dirname(log), { recursive: true });
  const file = await open(log, 'a');
  try {
    const child = spawn(process.execPath, [bin, 'worker', ...settings, ...flags, ...(worker?.arguments ?? [])], {
      detached: true,
      stdio: ['ignore', file.fd, file.fd],
      cwd: worker?.directory,
      // A token is never an argument: other users of the machine see those.
      env: {
        ...process.env,
        ...(hub.token === undefined ? {} : { HF_TOKEN: hub.token }),
        HF_HUB_CACHE: hub.cacheDir,
        ...worker?.environment,
      },
    });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    child.unref();
    return child;
  } finally {
    await file.close();
  }
}

/** The program of this process, where it is the command. */
function ownCommand(): string | undefined {
  const [, program] = process.argv;
  return program !== undefined && /^hubfuse(\.js)?$/.test(basename(program)) ? program : undefined;
}

/** How a process ended, in words. */
function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve(signal === null ? `exit code ${code}` : `signal ${signal}`));
  });
}

async function requireDone({ store, run, how }: Pick<SubmittedJob, 'store' | 'run'> & { how: string }): Promise<void> {
  const { state } = await readState(store, run);
  if (state.status === 'done') return;
  if (state.error !== undefined) throw reviveError(state.error);
  throw new RunError({
    code: 'run/not-done',
    message: `the process of the run "${run}" has ended (${how}), and the run is ${state.status}`,
    hint: 'start it again: it continues where it was',
  });
}

export default local;
