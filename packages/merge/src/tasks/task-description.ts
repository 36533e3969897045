import { MergeError, type ModelSource, type ParameterValues } from '@hubfuse/plugin';
import { TASK_FILES } from '../plan/task-layout.ts';

/** The file `hubfuse-tasks.json`: what makes a folder a result per task. */
export interface TaskDescription {
  format: 'hubfuse-tasks';
  version: 1;
  /** Name and parameters of the method that made it. */
  method: string;
  parameters: ParameterValues;
  /** The base whose values `base.safetensors` holds. */
  base?: { name: string; revision?: string };
  tasks: readonly DescribedTask[];
}

export interface DescribedTask {
  /** What `hubfuse materialize --task` calls it. */
  name: string;
  /** Folder with its mask, its own tensors, config.json and tokenizer. */
  folder: string;
  /** Scale of the masked vector. */
  rescaler: number;
  /** The model that it comes from. */
  model: { name: string; revision?: string };
}

/** Whether files are those of a result per task. */
export function isTaskFolder(files: readonly { path: string }[]): boolean {
  return files.some(({ path }) => path === TASK_FILES.description);
}

/** @throws MergeError where the folder is no result per task, or one of a later version */
export async function readTaskDescription(source: ModelSource): Promise<TaskDescription> {
  if (!isTaskFolder(source.files)) {
    throw new MergeError({
      code: 'merge/no-tasks',
      where: source.name,
      message: `${source.name} has no ${TASK_FILES.description}: it is not a merge into one model per task`,
      hint: 'name the result of a merge with merge_method: emr; a plain model needs no materialize',
    });
  }
  const bytes = await source.read(TASK_FILES.description);
  const where = `${source.name}/${TASK_FILES.description}`;
  let found: Partial<TaskDescription> & { version?: unknown };
  try {
    found = JSON.parse(new TextDecoder().decode(bytes)) as typeof found;
  } catch (cause) {
    throw new MergeError({ code: 'merge/task-description', where, message: 'the file is no JSON', cause });
  }
  if (found.format !== 'hubfuse-tasks' || found.version !== 1 || !Array.isArray(found.tasks)) {
    throw new MergeError({
      code: 'merge/task-description',
      where,
      message: `the file is of format ${String(found.format)}, version ${String(found.version)}; this hubfuse reads hubfuse-tasks, version 1`,
      hint: 'use the version of hubfuse that made it, or a later one',
    });
  }
  return found as TaskDescription;
}

/** @throws MergeError naming the tasks that there are */
export function findTask(description: TaskDescription, name: string): DescribedTask {
  const task = description.tasks.find((one) => one.name === name || one.model.name === name);
  if (task !== undefined) return task;
  throw new MergeError({
    code: 'merge/unknown-task',
    where: '--task',
    message: `there is no task ${JSON.stringify(name)}`,
    hint: `name one of ${description.tasks.map((one) => one.name).join(', ')}`,
  });
}

/** The files of the folder that one task needs, in no particular order. */
export function filesOfTask(source: Pick<ModelSource, 'files'>, task: DescribedTask): string[] {
  const shared: string[] = Object.values(TASK_FILES);
  return source.files
    .map(({ path }) => path)
    .filter((path) => shared.includes(path) || path.startsWith(`${task.folder}/`));
}
