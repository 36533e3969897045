import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { UsageError } from '@hubfuse/plugin';
import { defineCommand } from '../command.ts';
import { followToEnd, requireHubToken } from '../follow-remote-run.ts';
import { expectJson, requireOk, requireServer, serverOptions } from '../server-options.ts';
import { renderTable } from '../terminal/table.ts';

const ACTIONS = [
  'list',
  'start',
  'show',
  'follow',
  'logs',
  'report',
  'artefacts',
  'cancel',
  'retry',
  'publish',
  'delete',
];

export default defineCommand({
  name: 'runs',
  summary: 'Start, follow and steer the runs of a server',
  description: [
    '`start` takes a recipe file, or --stored with the name of a stored one, prints the commands that follow and cancel the ' +
      'run, and follows it; Ctrl-C lets go of it, and the run goes on. `retry` starts one again that failed, was cancelled or was ' +
      'not published; `publish` publishes what a run made although its gate does not hold. `artefacts` lists the files of a run, or reads the ' +
      'one that is named into --out.',
  ],
  positionals: [
    { name: 'action', description: ACTIONS.join(', '), required: true },
    { name: 'run or recipe', description: 'id of a run, or the recipe file to start', required: false },
    { name: 'file', description: 'the artefact to read', required: false },
  ],
  options: {
    ...serverOptions,
    stored: { type: 'text', value: 'name', description: 'start this stored recipe; list its runs' },
    state: { type: 'text', value: 'word', description: 'list runs in this state, or all that have not ended (active)' },
    model: { type: 'text', value: 'id', description: 'list runs that merge this model' },
    limit: { type: 'integer', value: 'n', minimum: 1, default: '50', description: 'list at most so many' },
    detach: { type: 'flag', description: 'start without following' },
    'send-token': {
      type: 'flag',
      description: "run with this machine's own token of the Hub (HF_TOKEN) in the place of the server's",
    },
    'idempotency-key': { type: 'text', value: 'text', description: 'starting twice under the same text makes one run' },
    out: {
      type: 'text',
      short: 'o',
      value: 'file',
      description: 'where an artefact goes; default: its own name, here',
    },
  },
  examples: [
    { command: 'hubfuse runs start recipe.yaml', explanation: 'run it on the server and watch' },
    { command: 'hubfuse runs list --state failed', explanation: 'what went wrong' },
    { command: 'hubfuse runs artefacts support-1f3a9c2b7d model.safetensors', explanation: 'fetch the merged weights' },
  ],
  async run(context) {
    const { positionals, output, options, directory, signal } = context;
    const [action = '', subject, file] = positionals;
    const server = await requireServer(context);
    const { runs } = server.client.v1;
    if (action === 'list') {
      const { state, model, stored, limit = 50 } = options;
      const query = {
        limit: String(Math.min(limit, 200)),
        ...(state === undefined ? {} : { state: state as 'queued' }),
        ...(model === undefined ? {} : { model }),
        ...(stored === undefined ? {} : { recipe: stored }),
      };
      const { items } = await expectJson(await runs.$get({ query }));
      output.result({ runs: items }, () =>
        items.length === 0
          ? 'no runs'
          : renderTable(
              [
                ...[{ title: 'id' }, { title: 'name' }, { title: 'state' }],
                ...[{ title: 'score', align: 'right' as const }, { title: 'gate' }],
                ...[{ title: 'recipe' }, { title: 'made' }],
              ],
              items.map(({ id, name, state: word, score, gate, recipe = '', createdAt }) => [
                id,
                name,
                word,
                score === undefined ? '' : (100 * score).toFixed(2),
                gate === undefined ? '' : gate ? 'met' : 'not met',
                recipe,
                createdAt.slice(0, 19),
              ]),
            ),
      );
      return undefined;
    }
    if (action === 'start') {
      if ((subject === undefined) === (options.stored === undefined)) {
        throw usage('name a recipe file, or a stored recipe with --stored');
      }
      const recipe = subject === undefined ? undefined : await readText(resolve(directory, subject), subject);
      const token = options['send-token'] ? await requireHubToken() : undefined;
      const response = await runs.$post({
        json: recipe === undefined ? { stored: options.stored ?? '' } : { recipe },
        header: {
          ...(token === undefined ? {} : { 'x-hf-token': token }),
          ...(options['idempotency-key'] === undefined ? {} : { 'idempotency-key': options['idempotency-key'] }),
        },
      });
      const run = await expectJson(response);
      const at = `--server ${server.url}`;
      output.event(
        { event: 'started', run: run.id, server: server.url },
        [
          `run ${run.id} ${response.status === 201 ? 'was started' : 'had been started before'}`,
          `  follow it:  hubfuse runs follow ${run.id} ${at}`,
          `  cancel it:  hubfuse runs cancel ${run.id} ${at}`,
        ].join('\n'),
      );
      if (!options.detach) return await followToEnd({ server, id: run.id, output, signal });
      output.result({ run }, () => run.id);
      return undefined;
    }
    if (!ACTIONS.includes(action)) throw usage(`runs cannot be told to "${action}"`);
    if (subject === undefined) throw usage('no run is named');
    const param = { id: subject };
    const one = runs[':id'];
    switch (action) {
      case 'follow':
        return await followToEnd({ server, id: subject, output, signal });
      case 'show': {
        const run = await expectJson(await one.$get({ param }));
        output.result({ run }, () => JSON.stringify(run, undefined, 2));
        return undefined;
      }
      case 'report': {
        const report = await expectJson(await one.report.$get({ param }));
        output.result({ report }, () => JSON.stringify(report, undefined, 2));
        return undefined;
      }
      case 'logs': {
        const response = await one.logs.$get({ param });
        await requireOk(response);
        const text = await response.text();
        output.result({ logs: text.split('\n').filter((line) => line !== '') }, () => text.trimEnd());
        return undefined;
      }
      case 'artefacts': {
        const { items } = await expectJson(await one.artefacts.$get({ param }));
        if (file === undefined) {
          output.result({ artefacts: items }, () =>
            renderTable(
              [{ title: 'file' }, { title: 'bytes', align: 'right' }, { title: 'SHA-256' }],
              items.map(({ path, size = '', sha256 = '' }) => [path, String(size), sha256]),
            ),
          );
          return undefined;
        }
        const found = items.find(({ path }) => path === file);
        if (found === undefined) throw usage(`the run has no file ${file}`);
        const target = resolve(directory, options.out ?? file.split('/').at(-1) ?? 'artefact');
        await download({ response: await server.request(found.url), target, signal });
        output.result({ file: target, ...found }, () => `${file} is in ${target}`);
        return undefined;
      }
      case 'delete':
        await requireOk(await one.$delete({ param }));
        output.result({ deleted: subject }, () => `the run ${subject} is gone`);
        return undefined;
      case 'cancel': {
        const run = await expectJson(await one.cancel.$post({ param }));
        output.result({ run }, () => `the run ${run.id} is being stopped (${run.state})`);
        return undefined;
      }
      default: {
        const token = options['send-token'] ? await requireHubToken() : undefined;
        const header = token === undefined ? {} : { 'x-hf-token': token };
        const asked = action === 'retry' ? one.retry : one.publish;
        const run = await expectJson(await asked.$post({ param, header }));
        output.result(
          { run },
          () => `the run ${run.id} is ${run.state}: it will be ${action === 'retry' ? 'started again' : 'published'}`,
        );
        return undefined;
      }
    }
  },
});

async function download(options: { response: Response; target: string; signal: AbortSignal }): Promise<void> {
  const { response, target, signal } = options;
  await requireOk(response);
  if (response.body === null) throw usage('the answer is empty');
  const body = Readable.fromWeb(response.body as Parameters<typeof Readable.fromWeb>[0]);
  await pipeline(body, createWriteStream(target), { signal });
}

async function readText(path: string, name: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw usage(`the recipe ${name} cannot be read: ${(cause as Error).message}`);
  }
}

function usage(message: string): UsageError {
  return new UsageError({ code: 'usage/runs', message, hint: 'hubfuse runs --help' });
}
