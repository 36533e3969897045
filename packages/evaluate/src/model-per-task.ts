import { EvaluationError } from '@hubfuse/plugin';

/** The file that makes a folder a merge into one model per task. */
const TASKS = 'hubfuse-tasks.json';

/**
 * Refuses a merge into one model per task, which is not one model that could be scored.
 * @param paths of its files
 * @throws EvaluationError `evaluate/model-per-task`
 */
export function requireOneModel(name: string, paths: readonly string[]): void {
  if (!paths.includes(TASKS)) return;
  throw new EvaluationError({
    code: 'evaluate/model-per-task',
    where: name,
    message: `it is a merge into one model per task (${TASKS}), not one model`,
    hint: `rebuild the model of a task first: hubfuse materialize ${name} --task <name>`,
  });
}
