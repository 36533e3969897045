import { join } from 'node:path';
import { UsageError } from '@hubfuse/plugin';
import { type CommandContext, defineCommand } from '../command.ts';
import { common } from '../common-options.ts';
import { signInSettings } from '../sign-in-settings.ts';

const DEFAULT_PORT = 8080;
const DEFAULT_DRAIN_SECONDS = 10;
const DAY_MS = 86_400_000;

export default defineCommand({
  name: 'serve',
  summary: 'Serve the HTTP API and the dashboard, and execute runs, on a folder',
  description: [
    'Everything lies in --data: the store, scratch files, and the master key, which only its owner may read. Several servers ' +
      'may share one store. On a loopback address nobody needs a key until one exists; on any other address the server ' +
      'refuses to start without one (`hubfuse keys create` makes it).',
    'Runs read and publish with the token of this command, unless their caller brings one. --public-url is where the Hub ' +
      'reaches the server; webhooks are registered for it by `hubfuse webhooks add`.',
    'Where OAUTH_CLIENT_ID and OAUTH_CLIENT_SECRET are set, accounts of the Hub that --admit names sign in beside keys. A Space ' +
      'with `hf_oauth: true` has them; there its owner is admitted as admin, and SPACE_HOST is the public address.',
    'With --notify every end of a run (done, failed, its gate not met) is posted there as JSON, signed under ' +
      'HUBFUSE_NOTICE_SECRET. --keep-days and --keep-runs delete runs that have ended; without them all are kept. What is given in ' +
      '`serve` of hubfuse.config.json holds where an option is absent.',
    'On SIGTERM or Ctrl-C the server takes no more requests, ends streams, answers what is under way, and stops. Runs under ' +
      'way stay in the store and are taken up again by the next server.',
  ],
  positionals: [],
  options: {
    port: {
      type: 'integer',
      value: 'n',
      minimum: 0,
      maximum: 65535,
      default: String(DEFAULT_PORT),
      description: 'TCP port; 0 takes a free one',
    },
    host: { type: 'text', value: 'address', default: '127.0.0.1', description: 'address to listen on' },
    data: { type: 'text', value: 'folder', default: 'HUBFUSE_HOME', description: 'folder that holds everything' },
    'public-url': {
      type: 'text',
      value: 'url',
      default: 'the address listened on',
      description: 'address at which the Hub reaches the server',
    },
    hub: common.hub,
    token: common.token,
    notify: { type: 'text', value: 'url', description: 'address that is told how runs end; default: none' },
    'no-comments': {
      type: 'flag',
      description: 'do not comment the end of a run on the pull request that it made, came from or would have replaced',
    },
    'keep-days': {
      type: 'integer',
      value: 'n',
      minimum: 1,
      description: 'delete runs so many days after their end; default: keep them',
    },
    'keep-runs': {
      type: 'integer',
      value: 'n',
      minimum: 0,
      description: 'of the runs that have ended keep the latest n; default: all',
    },
    drain: {
      type: 'integer',
      value: 'seconds',
      minimum: 0,
      default: String(DEFAULT_DRAIN_SECONDS),
      description:
        'time for requests under way to be answered, and for runs of this process to be given back, at the end',
    },
    rate: {
      type: 'integer',
      value: 'n',
      minimum: 1,
      default: '100',
      description: 'requests a second in the long run of each key, or of each address without one',
    },
    s3: {
      type: 'list',
      value: 'url',
      description:
        'address in S3 (s3://bucket/prefix) below which runs may publish; may be given several times; default: wherever the credentials reach',
    },
    launcher: { type: 'text', value: 'name', default: 'local', description: 'where runs are executed' },
    concurrency: {
      type: 'integer',
      value: 'n',
      minimum: 0,
      default: '1',
      description: 'runs at the same time; 0: requests only',
    },
    workers: common.workers,
    memory: common.memory,
    origin: {
      type: 'list',
      value: 'origin',
      description: 'origin whose pages may read answers (CORS); may be given several times; default: none',
    },
    admit: {
      type: 'list',
      value: 'account[:scope]',
      description:
        'user or organisation of the Hub that may sign in, * for all, with the scope read, run or admin (default run); may be given several times; default: the owner of the Space',
    },
    commenter: {
      type: 'list',
      value: 'account',
      description:
        'account of the Hub that may comment `/hubfuse merge`; may be given several times; default: the account that a model belongs to',
    },
  },
  examples: [
    { command: 'hubfuse serve', explanation: 'API and dashboard at http://127.0.0.1:8080' },
    {
      command: 'hubfuse serve --host 0.0.0.0 --data /srv/hubfuse --public-url https://hubfuse.example',
      explanation: 'for others, behind a proxy that speaks TLS; needs a key',
    },
  ],
  async run(context) {
    const { options, environment, output, signal } = context;
    const settings = serveSettings(context);
    const { docsFiles, DEFAULT_BOUNDS, startServer } = await import('@hubfuse/api');
    const { dashboardFiles } = await import('@hubfuse/dashboard');
    const { Dispatcher, openServices } = await import('@hubfuse/service');
    const { hubOptions } = await import('../hub-options.ts');
    const { openInstallation } = await import('../installation.ts');
    const { workerCommand } = await import('../worker-command.ts');
    const { folder, store, master, registry } = await openInstallation(context);
    // Requests to the Hub end with what asked for them, not with the signal: a server drains.
    const { signal: _, ...hub } = await hubOptions(context);
    const launcher = registry.get('launcher', options.launcher ?? 'local');
    const problem = (error: unknown) => output.warn(error instanceof Error ? error.message : String(error));
    const publicUrl = options['public-url'] ?? (environment.space && `https://${environment.space.host}`);
    const signIn = signInSettings({ environment, admit: options.admit, hubUrl: hub.hubUrl });
    const services = openServices({
      ...{ store, registry, hub, master, publicUrl, s3: settings.s3 },
      priced: launcher.tariffOf !== undefined,
    });
    const server = await startServer(
      {
        ...services,
        // The dispatcher exchanges it.
        wake: () => services.wake(),
        launcher,
        workspace: join(folder, 'work'),
        webhookSecret: environment.webhookSecret ?? master.digest('webhooks of the Hub', 'secret'),
        publicUrl,
        ...(signIn === undefined ? {} : { signIn }),
        ...(environment.space === undefined ? {} : { framedBy: 'https://huggingface.co' }),
        bounds: { ...DEFAULT_BOUNDS, rate: rateOf(settings.rate, DEFAULT_BOUNDS.rate) },
        ...(settings.kept === undefined ? {} : { retention: settings.kept }),
        cors: options.origin,
        dashboard: await dashboardFiles(),
        docs: await docsFiles(),
        log: (entry) => output.event({ event: 'request', ...entry }),
        onFault: problem,
      },
      { host: options.host, port: options.port ?? DEFAULT_PORT, graceMs: settings.drainMs },
    );
    const concurrency = options.concurrency ?? 1;
    const dispatcher = new Dispatcher({
      services,
      launcher,
      concurrency,
      drainMs: settings.drainMs,
      retention: settings.retention,
      notices: settings.notices,
      execution: {
        workspace: join(folder, 'work'),
        workers: options.workers,
        memory: options.memory,
        worker: workerCommand(context),
        release: signal,
      },
      ...(options.commenter.length === 0 ? {} : { commenters: options.commenter }),
      onProblem: problem,
    });
    const working = concurrency === 0 ? Promise.resolve() : dispatcher.run(signal);
    output.result({ url: server.url, data: folder, store: store.url, hub: hub.hubUrl }, () =>
      [
        `serving ${folder} at ${server.url}`,
        `  dashboard      ${server.url}/`,
        `  documentation  ${server.url}/docs`,
        `  Hub            ${hub.hubUrl}`,
        'Ctrl-C ends it',
      ].join('\n'),
    );
    if (!signal.aborted) await new Promise((done) => signal.addEventListener('abort', done, { once: true }));
    await Promise.all([server.close(), working]);
    return undefined;
  },
});

interface ServeOptions {
  notify?: string | undefined;
  'no-comments': boolean;
  'keep-days'?: number | undefined;
  'keep-runs'?: number | undefined;
  drain?: number | undefined;
  rate?: number | undefined;
  s3: readonly string[];
}

/** Options, and where they are absent the configuration. */
function serveSettings({
  options,
  environment,
  configuration,
}: Pick<CommandContext, 'environment' | 'configuration'> & { options: ServeOptions }) {
  const configured = configuration.serve ?? {};
  const url = options.notify ?? configured.notify;
  const [days, keep] = [options['keep-days'] ?? configured.keepDays, options['keep-runs'] ?? configured.keepRuns];
  const s3 = options.s3.length > 0 ? options.s3 : configured.s3;
  return {
    s3,
    rate: options.rate ?? configured.rate,
    drainMs: (options.drain ?? configured.drain ?? DEFAULT_DRAIN_SECONDS) * 1_000,
    notices: {
      ...(url === undefined ? {} : { webhook: { url: noticeAddress(url), secret: noticeSecret(environment) } }),
      comments: options['no-comments'] ? false : (configured.comments ?? true),
    },
    ...(days === undefined && keep === undefined
      ? {}
      : {
          retention: { keep, olderThanMs: days === undefined ? undefined : days * DAY_MS },
          kept: { ...(days === undefined ? {} : { days }), ...(keep === undefined ? {} : { runs: keep }) },
        }),
  };
}

/** A rate with a burst in the proportion of the default's. */
function rateOf(perSecond: number | undefined, usual: { perSecond: number; burst: number }) {
  return perSecond === undefined ? usual : { perSecond, burst: (perSecond * usual.burst) / usual.perSecond };
}

function noticeAddress(url: string): string {
  if (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) return url;
  throw new UsageError({
    code: 'usage/bad-notify',
    message: `"${url}" is no address to tell of runs`,
    hint: 'give one such as https://example.com/hubfuse',
  });
}

function noticeSecret({ noticeSecret }: CommandContext['environment']): string {
  if (noticeSecret !== undefined) return noticeSecret;
  throw new UsageError({
    code: 'usage/no-notice-secret',
    message: 'what is posted to --notify is signed, and there is no secret to sign it with',
    hint: 'set HUBFUSE_NOTICE_SECRET, here and where it is checked',
  });
}
