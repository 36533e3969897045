import { join } from 'node:path';
import { fetchModel, type HubOptions } from '@hubfuse/hub';
import {
  fromBytes,
  type Genealogy,
  type MergeCrew,
  type MergePlan,
  type MergeTask,
  openPartBuilder,
  PARTS_FORMAT,
  planDigest,
  type SweptPart,
  toBytes,
  type WrittenPart,
} from '@hubfuse/merge';
import { RunError } from '@hubfuse/plugin';
import type { ExecutionOptions } from '../execution.ts';
import { reopenModel } from '../resolve/open-inputs.ts';
import type { RunPlan } from '../run-plan.ts';
import { FetchedFiles } from './fetched-files.ts';
import type { TaskHelper } from './serve-tasks.ts';
import type { TaskBoard } from './task-board.ts';
import type { TaskDesk } from './task-desk.ts';
import { padded, taskName } from './task-name.ts';

/** With the version of what its tasks say: whoever speaks another one has a board of its own. */
export const MERGE_GROUP = `merge${PARTS_FORMAT}-`;

/** Parts for each child: a lost child costs one of them, and whoever is faster takes more. */
const PARTS_PER_CHILD = 2;

/** What all who share a merge are told. Plain data. */
interface MergeJob {
  plan: MergePlan;
  genealogy: Genealogy | undefined;
}

/** The result of a task that writes. */
interface KeptPart {
  written: WrittenPart;
  /** Name under which its bytes were kept. */
  content: string;
}

/** Announces a merge to all children and returns the crew that they are. */
export async function openMergeCrew(options: {
  desk: TaskDesk;
  board: TaskBoard;
  children: number;
  plan: MergePlan;
  genealogy: Genealogy | undefined;
}): Promise<{ crew: MergeCrew; parts: number }> {
  const { desk, board, children, plan, genealogy } = options;
  const parts = children * PARTS_PER_CHILD;
  const group = `${MERGE_GROUP}${planDigest(plan, genealogy).slice(0, 16)}-${parts}`;
  await desk.announce(group, toBytes({ plan, genealogy } satisfies MergeJob));
  const named = (name: string, part: number) =>
    taskName({ group, child: Math.floor(part / PARTS_PER_CHILD), rest: `${padded(part)}-${name}` });
  const contents = new Map<string, string>();
  const crew: MergeCrew = {
    sweep: (name, task) => desk.settle(named(name, task.part), toBytes(task)),
    swept: async (name, task) => fromBytes<SweptPart>(await desk.result(named(name, task.part))),
    async write(name, task) {
      const { written, content } = fromBytes<KeptPart>(await desk.ask(named(name, task.part), toBytes(task)));
      contents.set(name, content);
      return written;
    },
    async read(name) {
      const kept = contents.get(name);
      const content = kept === undefined ? undefined : await board.part(kept);
      if (content !== undefined) return content;
      throw new RunError({
        code: 'run/part-gone',
        message: `a part of the merge was written and is gone from the store: ${name}`,
        hint: 'start a fresh run',
      });
    },
  };
  return { crew, parts };
}

/** Does parts of a merge; of the inputs it fetches the files that its parts read, when it comes to them. */
export async function openMergeHelper(options: {
  board: TaskBoard;
  job: Uint8Array;
  plan: Pick<RunPlan, 'models'>;
  execution: Pick<ExecutionOptions, 'registry' | 'workers' | 'memory'>;
  hub: HubOptions;
  /** An empty folder of its own. */
  scratch: string;
  signal: AbortSignal;
}): Promise<TaskHelper> {
  const { board, job, execution, hub, scratch, signal } = options;
  const { plan, genealogy } = fromBytes<MergeJob>(job);
  const models = options.plan.models.slice(0, plan.inputs.length);
  const fetching = { ...hub, signal };
  const sources = await Promise.all(models.map((model) => reopenModel(model, fetching)));
  const folders = await Promise.all(sources.map((source) => fetchModel(source, { ...fetching, files: [] })));
  const { registry, workers, memory } = execution;
  const builder = await openPartBuilder({
    ...{ plan, genealogy, folders, registry, workers, memory, signal },
    scratch: join(scratch, 'parts'),
  });
  const files = new FetchedFiles({
    sources,
    hub: fetching,
    // Any child may come to put the model together.
    reserveBytes: plan.totals.writeBytes,
    letGo: () => builder.closeInputs(),
  });
  return {
    parallel: 1,
    async do({ name, body }) {
      const task = fromBytes<MergeTask>(body);
      await files.bring(builder.filesOf(task));
      if (task.kind === 'sweep') return toBytes(await builder.sweep(task));
      let content = '';
      const written = await builder.write(task, async (bytes) => {
        content = await board.keepPart(name, bytes);
      });
      return toBytes({ written, content } satisfies KeptPart);
    },
    close: () => builder.close(),
  };
}
