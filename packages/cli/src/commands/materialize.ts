import { resolve } from 'node:path';
import { UsageError } from '@hubfuse/plugin';
import { defineCommand } from '../command.ts';
import { common } from '../common-options.ts';
import { formatBytes } from '../units.ts';

export default defineCommand({
  name: 'materialize',
  summary: 'Rebuild the model of one task from a merge that keeps one per task (emr)',
  description: [
    'A merge by emr is not one model: it holds a base, one unified task vector, and a mask and a scale per task. This rebuilds ' +
      "one task's model as an ordinary folder with config and tokenizer, piece by piece, however large it is. Of a Hub " +
      'repository only what the task needs is downloaded.',
  ],
  positionals: [{ name: 'merge', description: 'folder, URL, id or id@revision of the merge', required: true }],
  options: {
    task: { type: 'text', value: 'name', description: 'which task; left out, the tasks are listed' },
    out: {
      type: 'text',
      short: 'o',
      value: 'folder',
      description: 'where the model appears',
      default: 'the name of the task',
    },
    hub: common.hub,
    token: common.token,
  },
  examples: [
    { command: 'hubfuse materialize ./merged', explanation: 'list its tasks' },
    { command: 'hubfuse materialize you/intents-emr --task intents-money --out money', explanation: 'rebuild one' },
  ],
  async run(context) {
    const { positionals, options, output, directory } = context;
    const { fetchModel, openModel } = await import('@hubfuse/hub');
    const { filesOfTask, findTask, readTaskDescription } = await import('@hubfuse/merge');
    const { materializeModel } = await import('@hubfuse/runs');
    const { parseModelReference } = await import('@hubfuse/recipe');
    const { hubOptions } = await import('../hub-options.ts');
    const { showHub } = await import('../hub-view.ts');
    const access = { ...(await hubOptions(context)), onProgress: showHub(output) };
    const source = await openModel(parseModelReference(positionals[0] ?? '', { hub: access.hubUrl }), access);
    const description = await readTaskDescription(source);
    if (options.task === undefined) {
      if (options.out !== undefined) {
        throw new UsageError({
          code: 'usage/no-task',
          message: '--out needs --task: which task shall be rebuilt',
          hint: `--task is one of ${description.tasks.map(({ name }) => name).join(', ')}`,
        });
      }
      output.result({ name: source.name, method: description.method, tasks: description.tasks }, () =>
        description.tasks
          .map(({ name, model, rescaler }) => `${name}: from ${model.name}, scale ${rescaler.toFixed(4)}`)
          .join('\n'),
      );
      return undefined;
    }
    const task = findTask(description, options.task);
    const files = filesOfTask(source, task);
    const onProgress = showHub(output, { label: `download ${source.name}`, bytes: bytesOf(source.files, files) });
    const folder = await fetchModel(source, { ...access, files, onProgress });
    const out = resolve(directory, options.out ?? task.name);
    const built = await materializeModel({ folder, task, out, signal: context.signal });
    output.result({ name: source.name, task: task.name, folder: out, files: built.files }, () => {
      const bytes = built.files.reduce((sum, { size }) => sum + size, 0);
      return `${task.name}: ${built.files.length} files, ${formatBytes(bytes)}\n${out}`;
    });
    return undefined;
  },
});

function bytesOf(files: readonly { path: string; size: number }[], wanted: readonly string[]): number {
  return files.filter(({ path }) => wanted.includes(path)).reduce((sum, { size }) => sum + size, 0);
}
