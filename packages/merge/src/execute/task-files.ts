import { join } from 'node:path';
import type { MethodProgram } from '@hubfuse/plugin';
import { writeSafetensors, writeWhole } from '@hubfuse/tensors';
import type { MergePlan, PlannedInput } from '../plan/merge-plan.ts';
import { TASK_FILES, TASKS_METADATA } from '../plan/task-layout.ts';
import type { TaskDescription } from '../tasks/task-description.ts';

/**
 * Writes what a result per task has beside its large files: the rescalers, and the description that says what the
 * folder is.
 * @returns paths of the files below `out`; none for a plain model
 */
export async function writeTaskFiles(options: {
  plan: MergePlan;
  program: MethodProgram;
  results: readonly unknown[];
  out: string;
}): Promise<string[]> {
  const { plan, program, results, out } = options;
  if (plan.tasks === undefined || program.tasks === undefined) return [];
  const rescalers = program.tasks.rescalers(results);
  const tensors = plan.tasks.map(({ name }, i) => {
    const data = new Uint8Array(Float64Array.of(rescalers[i] as number).buffer);
    return [name, { dtype: 'F64' as const, shape: [1], data }] as const;
  });
  await writeSafetensors(join(out, TASK_FILES.rescalers), new Map(tensors), TASKS_METADATA);
  const base = plan.inputs.find(({ role }) => role === 'base');
  const description: TaskDescription = {
    format: 'hubfuse-tasks',
    version: 1,
    method: plan.method,
    parameters: plan.parameters,
    ...(base === undefined ? {} : { base: sourceOf(base) }),
    tasks: plan.tasks.map(({ name, input, folder }, i) => ({
      name,
      folder,
      rescaler: rescalers[i] as number,
      model: sourceOf(plan.inputs[input] as PlannedInput),
    })),
  };
  const text = `${JSON.stringify(description, undefined, 2)}\n`;
  await writeWhole(join(out, TASK_FILES.description), (file) => file.writeFile(text));
  return [TASK_FILES.rescalers, TASK_FILES.description];
}

function sourceOf({ name, revision }: PlannedInput): { name: string; revision?: string } {
  return revision === undefined ? { name } : { name, revision };
}
