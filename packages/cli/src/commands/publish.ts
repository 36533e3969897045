import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import type { HubEvent } from '@hubfuse/hub';
import { UsageError } from '@hubfuse/plugin';
import { defineCommand } from '../command.ts';
import { common } from '../common-options.ts';

export default defineCommand({
  name: 'publish',
  summary: 'Publish a folder that hubfuse merged',
  description: [
    'The folder is what merge --out left: its hubfuse.json says what was merged from what and lists every file with its ' +
      'checksum. The repository is created where it does not exist. Nothing is published twice, nothing of others is ' +
      'overwritten: a branch that hubfuse did not write, or whose README.md somebody edited since, gets a pull request.',
    'In S3 every file lies under a key of its version; manifest.json, written last, names them with their checksums.',
  ],
  positionals: [
    { name: 'folder', description: 'a merged model', required: true },
    { name: 'place', description: 'where it goes: ns/name, or s3://bucket/prefix', required: true },
  ],
  options: {
    'pull-request': { type: 'flag', description: 'open a pull request instead of committing' },
    branch: { type: 'text', value: 'name', default: 'main', description: 'branch to commit on' },
    private: { type: 'flag', description: 'make a repository that has to be created private' },
    hub: common.hub,
    token: common.token,
  },
  examples: [
    { command: 'hubfuse publish merged you/support-intents', explanation: 'one commit with the model and its card' },
    { command: 'hubfuse publish merged you/support-intents --pull-request', explanation: 'for somebody to review' },
  ],
  resumes: true,
  async run(context) {
    const { positionals, options, output, directory, signal } = context;
    const { MANIFEST_FILE, parseManifest } = await import('@hubfuse/hub');
    const { hubOptions } = await import('../hub-options.ts');
    const { showHub } = await import('../hub-view.ts');
    const [folder = '', place = ''] = positionals;
    const path = resolve(directory, folder);
    const manifest = parseManifest(await readManifest(join(path, MANIFEST_FILE), folder), join(folder, MANIFEST_FILE));
    const label = `upload to ${place}`;
    const show = showHub(output, { label, bytes: 0 });
    // How far the files are, the publisher says.
    const onProgress = (event: HubEvent) => (event.type === 'upload' ? undefined : show(event));
    const hub = { ...(await hubOptions(context)), onProgress };
    const { name, target } = place.startsWith('s3://')
      ? { name: 's3', target: { url: place } }
      : { name: 'hub', target: hubTarget(place, options) };
    const publisher = (await context.registry()).get('publisher', name);
    await publisher.check?.(target, { hub, signal });
    const result = await publisher.publish(
      {
        folder: path,
        files: manifest.outputs,
        target,
        title: `Publish ${manifest.name}`,
        description: `Made by hubfuse ${manifest.hubfuse}; ${MANIFEST_FILE} says from what.`,
        manifest,
      },
      // Each command is an attempt of its own: it may bring back what something newer has replaced.
      {
        attempt: randomUUID(),
        signal,
        hub,
        progress: (step) => output.progress({ ...step, label, detail: step.label }),
      },
    );
    const how = result.already ? 'was published already' : result.as === 'pull_request' ? 'proposed' : 'published';
    output.result(result, () => `${how}: ${result.url} (${result.revision.slice(0, 12)})`);
    return undefined;
  },
});

function hubTarget(repo: string, options: { 'pull-request': boolean; branch?: string | undefined; private: boolean }) {
  const as = options['pull-request'] ? 'pull_request' : 'commit';
  return { repo, as, branch: options.branch, private: options.private };
}

async function readManifest(path: string, folder: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    const absent = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    throw new UsageError({
      code: 'usage/not-merged',
      message: absent
        ? `${folder} is no folder that hubfuse merged: there is no ${basename(path)}`
        : `${folder} is no folder that hubfuse merged: ${(cause as Error).message}`,
      hint: 'name what `hubfuse merge --out` left; other folders are published with `hf upload`',
      cause,
    });
  }
}
