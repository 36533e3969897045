// A plugin with one extension of every kind, as somebody else's package would hold it. Where it wraps what comes with
// hubfuse, that is to keep it short: nothing outside this file knows its names.
import { appendFile, cp, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { registerEvaluation } from '@hubfuse/evaluate';
import { registerArchitectures } from '@hubfuse/graphs';
import { openStore, registerStores } from '@hubfuse/objects';
import { PluginError, Registry } from '@hubfuse/plugin';
import { executeRun } from '@hubfuse/runs';

const builtIn = new Registry();
await registerStores(builtIn);
await registerArchitectures(builtIn);
await registerEvaluation(builtIn);

const method = {
  kind: 'method',
  name: 'first',
  title: 'The first model',
  description: 'Takes the first model as it is.',
  formula: '$$ y = x_1 $$',
  sources: ['This file'],
  base: 'unused',
  models: { minimum: 1 },
  parameters: {},
  program: () => ({ scope: 'tensor', sweeps: [], write: ({ models, out }) => out.set(models[0]) }),
};

const architecture = { ...builtIn.get('architecture', 'bert'), name: 'tenth-bert', modelTypes: ['tenth-bert'] };

const task = { ...builtIn.get('task', 'text-classification'), name: 'intents', metric: 'share' };

const metric = {
  kind: 'metric',
  name: 'share',
  tasks: ['intents'],
  score: (predictions, references) =>
    predictions.filter((prediction, index) => prediction === references[index]).length / predictions.length,
};

const reader = {
  kind: 'reader',
  name: 'bars',
  extensions: ['.bars'],
  read: async (bytes) => ({
    rows: new TextDecoder()
      .decode(bytes)
      .trim()
      .split('\n')
      .map((line) => line.split('|'))
      .map(([text, label]) => ({ text, label })),
  }),
};

const publisher = {
  kind: 'publisher',
  name: 'copy',
  targetSchema: { type: 'object', required: ['to'], properties: { to: { type: 'string' } } },
  async check({ to }) {
    if (typeof to === 'string') return;
    throw new PluginError({ code: 'copy/no-folder', where: 'publish.copy', message: 'copy needs `to`, a folder' });
  },
  async publish({ folder, files, target, manifest }, { attempt }) {
    const marker = join(target.to, 'attempt');
    const already = (await readFile(marker, 'utf8').catch(() => '')) === attempt;
    if (!already) {
      await cp(folder, target.to, { recursive: true });
      await appendFile(marker, attempt);
    }
    const weights = files.find(({ path }) => path === 'model.safetensors');
    return { url: pathToFileURL(target.to).href, revision: `${manifest.method}-${weights.sha256}`, already };
  },
};

const launcher = {
  kind: 'launcher',
  name: 'noted',
  description: 'in this process, noted in a file',
  async submit({ run, execution }) {
    await appendFile('launched', `${run}\n`);
    return { handle: run, ended: executeRun({ ...execution, runId: run }).then(() => undefined) };
  },
  describe: async () => ({ status: 'running' }),
  cancel: async () => undefined,
  async *logs() {},
};

const store = {
  kind: 'store',
  name: 'there',
  async open(url) {
    const folder = url.slice('there:'.length);
    await mkdir(folder, { recursive: true });
    return openStore(folder, builtIn);
  },
};

export default [method, architecture, task, metric, reader, publisher, launcher, store];
