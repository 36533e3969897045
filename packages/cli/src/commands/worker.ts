import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { parseTariff, UsageError } from '@hubfuse/plugin';
import { defineCommand } from '../command.ts';
import { common } from '../common-options.ts';
import { devicesOf } from '../devices.ts';
import { EXIT_CODES, exitCodeOf } from '../exit-codes.ts';

/** Config, tokenizer, card, graph and small models; what is larger is read where it is published. */
const KEPT_BYTES = 256 * 2 ** 20;

export default defineCommand({
  name: 'worker',
  summary: 'Execute one run that waits in a store, as containers and launchers do',
  description: [
    'The run goes on where it was, whichever machine executed it before. stdout holds one JSON object per line: what ' +
      'happens, a heartbeat every 30 s, and for each phase its seconds and bytes.',
    'On SIGTERM the worker gives the run back within 90 s and exits with 75; whoever starts a worker for it again, here ' +
      'or elsewhere, resumes it. A run that another worker seems to execute is waited for until that one counts as gone. ' +
      'A run that is done exits with 0, also where its gate kept it from being published.',
    'With --hub-event the Hub started this job by itself: what happened comes in WEBHOOK_PAYLOAD, and the runs that it asks ' +
      'for, of the stored recipe that --recipe names, are made and executed, each once however many jobs are started. ' +
      'Without a payload the job only says whether it could do that (`hubfuse webhooks add --job`).',
    'Where HUBFUSE_MASTER_KEY is set, a run whose caller gave a token of the Hub uses that one and no other.',
  ],
  positionals: [],
  options: {
    run: { type: 'text', value: 'id', description: 'the run to execute' },
    'hub-event': { type: 'flag', description: "take what the Hub's webhook says, in the place of --run" },
    recipe: { type: 'text', value: 'name', description: 'with --hub-event: the stored recipe that the job is for' },
    store: {
      type: 'text',
      value: 'url',
      default: 'HUBFUSE_STORE, else the store of the configuration',
      description: 'folder or address of the store that holds it',
    },
    workspace: {
      type: 'text',
      value: 'folder',
      default: '`work` in HUBFUSE_HOME',
      description: 'folder for scratch files, and for outputs of runs that name none',
    },
    tariff: {
      type: 'text',
      value: 'JSON',
      description: 'what this machine costs, as the launcher says that chose it; default: nothing',
    },
    hub: common.hub,
    token: common.token,
    workers: common.workers,
    device: common.device,
    memory: common.memory,
    children: {
      type: 'integer',
      value: 'n',
      minimum: 1,
      description:
        'how many workers execute the run together: one leads it, the others do parts of its search and merge',
    },
    child: {
      type: 'integer',
      value: 'i',
      minimum: 0,
      default: 'AWS_BATCH_JOB_ARRAY_INDEX, else 0',
      description: 'which of them this one is, from 0',
    },
    'keep-files': {
      type: 'size',
      value: 'bytes',
      minimum: 0,
      default: '256 MiB where the store is not a folder of this machine, else 0',
      description:
        'files of the model that go into the store too, the smallest first, so that they can be read when this disk is gone',
    },
    'allow-other-processor': {
      type: 'flag',
      description: 'go on with a search on another kind of processor than it began on',
    },
  },
  examples: [
    {
      command: 'hubfuse worker --run intents-4f3c2a1b0d --store s3://team-bucket/hubfuse',
      explanation: 'execute what somebody asked for',
    },
    {
      command: 'hubfuse worker --hub-event --recipe support --store s3://team-bucket/hubfuse',
      explanation: "what a job of the Hub's webhook runs",
    },
  ],
  resumes: true,
  killedExitCode: EXIT_CODES.resumable.code,
  async run(context) {
    const { options, environment, configuration, signal } = context;
    const { run, recipe } = options;
    if (options['hub-event'] ? run !== undefined || recipe === undefined : run === undefined || recipe !== undefined) {
      throw new UsageError({
        code: 'usage/no-run',
        message: options['hub-event'] ? 'an event is for one recipe, and makes its run itself' : 'no run is named',
        hint: 'add --run <id>, or --hub-event --recipe <name>',
      });
    }
    const { logWarnings, runHubEvent, runWorker, tokenOfRun, workerLog } = await import('@hubfuse/worker');
    const logOf = (fields: Record<string, string | number>) =>
      workerLog({ write: (text) => context.output.raw(text), fields });
    logWarnings(logOf(run === undefined ? { recipe: recipe ?? '' } : { run }));
    const { hubOptions } = await import('../hub-options.ts');
    const { openWorkspace } = await import('../workspace.ts');
    const registry = await context.registry();
    const location = options.store ?? environment.store ?? configuration.store;
    const { store, folder } = await openWorkspace(
      { environment, configuration: { ...configuration, ...(location === undefined ? {} : { store: location }) } },
      registry,
    );
    const { workers, memory, 'allow-other-processor': allowOtherProcessor } = options;
    // The signal gives the run back; requests to the Hub end with the run.
    const { signal: _, ...own } = await hubOptions(context);
    const { masterKey } = environment;
    const common = {
      ...{ workers, memory, allowOtherProcessor, signal, exitCodeOf },
      ...devicesOf(context),
      tariff: options.tariff === undefined ? undefined : parseTariff(options.tariff),
      keepFiles: options['keep-files'] ?? (store.url.startsWith('file:') ? 0 : KEPT_BYTES),
      workspace: options.workspace === undefined ? folder : resolve(context.directory, options.workspace),
    };
    if (run === undefined) {
      const name = recipe ?? '';
      const { MasterKey, openServices, parseMasterKey } = await import('@hubfuse/service');
      // Such a job keeps no keys and no tokens of others; a server on the same store may.
      const master =
        masterKey === undefined ? new MasterKey(randomBytes(32)) : parseMasterKey(masterKey, 'HUBFUSE_MASTER_KEY');
      return await runHubEvent({
        ...common,
        services: openServices({ store, registry, hub: own, master }),
        recipe: name,
        payload: environment.hubEvent,
        log: logOf({ recipe: name }),
        logOfRun: (id) => logOf({ recipe: name, run: id }),
      });
    }
    const given = masterKey === undefined ? undefined : await tokenOfRun({ store, runId: run, masterKey });
    const hub = given === undefined ? own : { ...own, token: given, tokenOrigin: 'the token that came with the run' };
    const children = childrenOf(options, environment.arrayIndex);
    const log = logOf({ run, ...(children === undefined ? {} : { child: children.index }) });
    return await runWorker({ ...common, store, runId: run, registry, hub, children, log });
  },
});

/** Which of how many workers this is; undefined where it is the only one. */
function childrenOf(
  { children: count, child }: { children?: number | undefined; child?: number | undefined },
  arrayIndex: string | undefined,
): { count: number; index: number } | undefined {
  if (count === undefined || count === 1) return undefined;
  const index = child ?? Number(arrayIndex ?? 0);
  if (index < count) return { count, index };
  throw new UsageError({
    code: 'usage/no-such-child',
    message: `there is no child ${index} of ${count}: they are counted from 0`,
    hint: 'give --child a smaller number',
  });
}
