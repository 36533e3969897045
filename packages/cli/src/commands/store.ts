import { UsageError } from '@hubfuse/plugin';
import { defineCommand } from '../command.ts';
import { formatBytes } from '../units.ts';

export default defineCommand({
  name: 'store',
  summary: 'Copy the state of all runs from one store to another: a folder, or S3',
  description: [
    'Where runs keep their state is "store" in hubfuse.config.json: a folder, or s3://bucket/prefix, and behind a "?" ' +
      'endpoint=, region=, path_style=true|false, checksums=supported|required where the store is not one of AWS. ' +
      'Credentials are those that the AWS tools find.',
    'No run may be executed on the first store meanwhile. Objects of the second that the first does not have stay.',
  ],
  positionals: [
    { name: 'action', description: 'copy', required: true },
    { name: 'from', description: 'folder or address of the store that is there', required: true },
    { name: 'to', description: 'folder or address of the one that is to hold it too', required: true },
  ],
  options: {},
  examples: [
    {
      command: 'hubfuse store copy ~/.cache/hubfuse/store s3://team-bucket/hubfuse',
      explanation: 'move what was begun on this machine to where others can go on',
    },
  ],
  resumes: true,
  async run({ positionals, output, registry, signal }) {
    const [action, from = '', to = ''] = positionals;
    if (action !== 'copy') {
      throw new UsageError({
        code: 'usage/store',
        message: `a store cannot be told to "${action}"`,
        hint: 'hubfuse store copy <from> <to>',
      });
    }
    const { copyStore, openStore } = await import('@hubfuse/objects');
    const extensions = await registry();
    const stores = { from: await openStore(from, extensions), to: await openStore(to, extensions) };
    if (stores.from.url === stores.to.url) {
      throw new UsageError({ code: 'usage/store', message: `both are the same store: ${stores.to.url}` });
    }
    const copied = await copyStore({
      ...stores,
      signal,
      onProgress: ({ key, objects }) =>
        output.progress({ label: 'copying', detail: key, done: objects, total: objects, unit: 'steps' }),
    });
    output.result(
      { from: stores.from.url, to: stores.to.url, ...copied },
      () => `${copied.objects} objects (${formatBytes(copied.bytes)}) are in ${stores.to.url}`,
    );
    return undefined;
  },
});
