import { expect, test } from 'vitest';
import { requireOneModel } from './model-per-task.ts';

test('a merge into one model per task is refused with the command that makes one of it, any other is not', () => {
  expect(() => requireOneModel('me/plain', ['config.json', 'model.safetensors'])).not.toThrow();
  expect(() => requireOneModel('me/tasks', ['hubfuse-tasks.json', 'vector.safetensors'])).toThrow(
    /me\/tasks.*hubfuse materialize me\/tasks --task <name>/s,
  );
});
