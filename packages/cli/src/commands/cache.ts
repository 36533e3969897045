import { UsageError } from '@hubfuse/plugin';
import { defineCommand } from '../command.ts';
import { renderTable } from '../terminal/table.ts';
import { formatBytes } from '../units.ts';

export default defineCommand({
  name: 'cache',
  summary: 'List the Hugging Face cache, or remove repositories from it',
  description: [
    "The cache is the one that Python's libraries use: HF_HUB_CACHE, else the folder hub in HF_HOME. Nothing is removed " +
      'unless it is named.',
  ],
  positionals: [],
  options: {
    remove: { type: 'list', value: 'ns/name', description: 'remove this model; may be given several times' },
    dataset: { type: 'flag', description: 'with --remove: the names are those of datasets' },
  },
  examples: [
    { command: 'hubfuse cache', explanation: 'what is there and how large it is' },
    { command: 'hubfuse cache --remove hubfuse-examples/intents-base', explanation: 'free its space' },
  ],
  async run(context) {
    const { options, output } = context;
    const { listCache, removeFromCache } = await import('@hubfuse/hub');
    const { hubOptions } = await import('../hub-options.ts');
    const { cacheDir } = await hubOptions({ ...context, options: {} });
    if (options.dataset && options.remove.length === 0) {
      throw new UsageError({ code: 'usage/dataset', message: '--dataset goes with --remove' });
    }
    for (const repo of options.remove) {
      const type = options.dataset ? 'dataset' : 'model';
      const freed = await removeFromCache({ cacheDir, type, repo });
      output.result({ removed: repo, type, bytes: freed }, () => `removed ${repo} (${formatBytes(freed)})`);
    }
    if (options.remove.length > 0) return undefined;
    const repos = await listCache({ cacheDir });
    const bytes = repos.reduce((sum, repo) => sum + repo.bytes, 0);
    output.result({ folder: cacheDir, bytes, repos }, () => {
      const rows = repos.map((repo) => [
        repo.repo,
        repo.type,
        formatBytes(repo.bytes),
        repo.incompleteBytes === 0 ? '' : formatBytes(repo.incompleteBytes),
        repo.revisions.map(({ sha, names }) => names[0] ?? sha.slice(0, 12)).join(', '),
      ]);
      const columns = [
        { title: 'repository' },
        { title: 'type' },
        { title: 'size', align: 'right' },
        { title: 'interrupted', align: 'right' },
        { title: 'revisions' },
      ] as const;
      const table = rows.length === 0 ? [] : [renderTable(columns, rows), ''];
      return [...table, `${repos.length} repositories, ${formatBytes(bytes)} in ${cacheDir}`].join('\n');
    });
    return undefined;
  },
});
