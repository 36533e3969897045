import { defineCommand } from '../command.ts';
import { common } from '../common-options.ts';
import { EXIT_CODES } from '../exit-codes.ts';
import { renderTable } from '../terminal/table.ts';

const DIGITS = 16;

export default defineCommand({
  name: 'reproduce',
  summary: 'Merge a published model again and compare the checksums',
  description: [
    'Reads hubfuse.json of a model that hubfuse made, merges again from the commits that it names, and compares the ' +
      'SHA-256 of every weight file with the one that it states and with the file that stands there. Exit code 1 means that one differs. Nothing is written but the cache.',
  ],
  positionals: [{ name: 'model', description: 'URL, id, id@revision or folder', required: true }],
  options: { hub: common.hub, token: common.token, workers: common.workers, memory: common.memory },
  examples: [{ command: 'hubfuse reproduce you/support-intents', explanation: 'is it what its card says?' }],
  async run(context) {
    const { positionals, options, output, signal, directory, registry } = context;
    const { reproduce } = await import('@hubfuse/runs');
    const { parseModelReference } = await import('@hubfuse/recipe');
    const { hubOptions } = await import('../hub-options.ts');
    const { openWorkspace } = await import('../workspace.ts');
    const extensions = await registry();
    const hub = await hubOptions(context);
    const { folder: workspace } = await openWorkspace(context, extensions);
    const { workers, memory } = options;
    const [model = ''] = positionals;
    const result = await reproduce({
      reference: parseModelReference(model, { hub: hub.hubUrl }),
      ...{ registry: extensions, hub, workspace, workingDirectory: directory, workers, memory, signal },
      onProgress: ({ phase, done, total }) => output.progress({ label: phase, done, total, unit: 'steps' }),
    });
    const { name, revision, files, same } = result;
    output.result({ name, revision, files, same }, () =>
      [
        renderTable(
          [{ title: 'file' }, { title: 'recorded' }, { title: 'published' }, { title: 'merged again' }, { title: '' }],
          files.map((file) => [
            file.path,
            ...[file.recorded, file.published, file.merged].map((sha256) => sha256?.slice(0, DIGITS) ?? 'not there'),
            file.same ? output.style.green('same') : output.style.red('differs'),
          ]),
        ),
        '',
        `${name}: ${same ? 'every weight file has the same bytes' : 'the weights are not what its record says'}`,
      ].join('\n'),
    );
    return same ? EXIT_CODES.ok.code : EXIT_CODES.failure.code;
  },
});
