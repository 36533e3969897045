import { RunError } from '@hubfuse/plugin';
import type { DatasetEntry } from '@hubfuse/recipe';

/** A task as far as its names go. */
interface NamedTask {
  name: string;
  model: { name: string };
}

/**
 * Which task answers which dataset: the one that `head:` of the dataset names, the one of the dataset's own name, or the
 * only one in whose name the dataset's stands as a word (`intents-money` for `money`).
 * @returns names of datasets by name of task, and those in whose domain no task is
 * @throws RunError `run/no-task-for-dataset` where an in-domain dataset belongs to no task
 */
export function datasetsOfTasks(
  tasks: readonly NamedTask[],
  datasets: readonly DatasetEntry[],
): { byTask: ReadonlyMap<string, readonly string[]>; unanswered: readonly string[] } {
  const byTask = new Map<string, string[]>(tasks.map(({ name }) => [name, []]));
  const unanswered: string[] = [];
  for (const dataset of datasets) {
    const task = taskOf(tasks, dataset);
    if (task !== undefined) byTask.get(task.name)?.push(dataset.name);
    else if (dataset.domain === 'out' && dataset.head === undefined) unanswered.push(dataset.name);
    else throw noTask(tasks, dataset);
  }
  return { byTask, unanswered };
}

function taskOf<Task extends NamedTask>(tasks: readonly Task[], { name, head }: DatasetEntry): Task | undefined {
  const wanted = head ?? name;
  const exact = tasks.find((task) => task.name === wanted || task.model.name === wanted);
  if (exact !== undefined || head !== undefined) return exact;
  const [only, ...more] = tasks.filter((task) => task.name.split(/[^\p{L}\p{N}]+/u).includes(name));
  return more.length === 0 ? only : undefined;
}

function noTask(tasks: readonly NamedTask[], { name, path, head }: DatasetEntry): RunError {
  return new RunError({
    code: 'run/no-task-for-dataset',
    where: path,
    message: `no task of the merge answers ${head === undefined ? `the dataset "${name}"` : `to "${head}"`}`,
    hint: `name one with \`head:\` of the dataset: ${tasks.map((task) => task.name).join(', ')}`,
  });
}
