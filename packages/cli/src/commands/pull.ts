import { cp, mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { UsageError } from '@hubfuse/plugin';
import { defineCommand } from '../command.ts';
import { common } from '../common-options.ts';
import { formatBytes } from '../units.ts';

export default defineCommand({
  name: 'pull',
  summary: 'Download models or datasets into the Hugging Face cache, or copy one into a folder',
  description: [
    'Files are checked against the SHA-256 that the Hub states; what is in the cache already is not downloaded again, and ' +
      "an interrupted download goes on. Python's libraries find the files in the same cache.",
  ],
  positionals: [{ name: 'model', description: 'URL, id or id@revision', required: true, multiple: true }],
  options: {
    dataset: { type: 'flag', description: 'the names are those of datasets' },
    out: { type: 'text', short: 'o', value: 'folder', description: 'copy the files of the one model into this folder' },
    hub: common.hub,
    token: common.token,
  },
  examples: [
    { command: 'hubfuse pull hubfuse-examples/intents-base', explanation: 'into the cache; prints where it is' },
    { command: 'hubfuse pull hubfuse-examples/intents-base@main --out base', explanation: 'into a folder of its own' },
  ],
  resumes: true,
  async run(context) {
    const { positionals, options, output, directory } = context;
    if (options.out !== undefined && positionals.length > 1) {
      throw new UsageError({
        code: 'usage/one-model',
        message: '--out takes the files of one model',
        hint: 'pull them one by one',
      });
    }
    const { fetchModel, openDataset, openModel } = await import('@hubfuse/hub');
    const { parseDatasetReference, parseModelReference } = await import('@hubfuse/recipe');
    const { hubOptions } = await import('../hub-options.ts');
    const { showHub } = await import('../hub-view.ts');
    const access = { ...(await hubOptions(context)), onProgress: showHub(output) };
    for (const text of positionals) {
      const source = options.dataset
        ? await openDataset(parseDatasetReference(text, { hub: access.hubUrl }), access)
        : await openModel(parseModelReference(text, { hub: access.hubUrl }), access);
      const bytes = source.files.reduce((sum, file) => sum + file.size, 0);
      const onProgress = showHub(output, { label: `download ${source.name}`, bytes });
      const cached = await fetchModel(source, { ...access, onProgress });
      const folder = options.out === undefined ? cached : await copyFiles(cached, resolve(directory, options.out));
      const { name, revision } = source;
      output.result({ name, revision, folder, files: source.files }, () => {
        const commit = revision === undefined ? '' : ` at ${revision.slice(0, 12)}`;
        return `${name}${commit}: ${source.files.length} files, ${formatBytes(bytes)}\n${folder}`;
      });
    }
    return undefined;
  },
});

/** Copies the contents behind the cache's links, so that the folder stands on its own. */
async function copyFiles(from: string, to: string): Promise<string> {
  await mkdir(to, { recursive: true });
  await cp(from, to, { recursive: true, dereference: true });
  return to;
}
