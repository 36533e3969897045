import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** What the command reads from the environment, once. The Hub's own variables (HF_TOKEN, HF_HOME) belong to `@hubfuse/hub`. */
export interface Environment {
  /** `NO_COLOR`: no colours. */
  noColor: boolean;
  /** `HUBFUSE_DEBUG`: errors are shown with stack and cause. */
  debug: boolean;
  /** `TERM=dumb` or `CI`: lines instead of moving bars, even on a terminal. */
  plainProgress: boolean;
  /** `HUBFUSE_SERVER`: address of the server that `runs`, `recipes`, `keys` and `webhooks` speak to. */
  server: string | undefined;
  /** `HUBFUSE_KEY`: the key that they show it. */
  key: string | undefined;
  /** `HUBFUSE_MASTER_KEY`: 32 bytes in hexadecimal or base64, in the place of the file in the data folder of `serve`. */
  masterKey: string | undefined;
  /** `HUBFUSE_WEBHOOK_SECRET`: what the Hub's webhooks send along. Default: made from the master key. */
  webhookSecret: string | undefined;
  /** `HUBFUSE_NOTICE_SECRET`: signs what `serve --notify` posts. */
  noticeSecret: string | undefined;
  /** `HF_ENDPOINT`: the Hub that stands in for huggingface.co, as Python's client reads it. */
  hub: string | undefined;
  /**
   * `HUBFUSE_HOME`: absolute path of the folder that keeps what an interrupted run needs. Default: `hubfuse` in
   * `XDG_CACHE_HOME`, else in `~/.cache`.
   */
  home: string;
  /** `HUBFUSE_STORE`: URL or folder of the store whose runs a worker executes. */
  store: string | undefined;
  /**
   * `OAUTH_CLIENT_ID`, `OAUTH_CLIENT_SECRET`, `OPENID_PROVIDER_URL` (default: the Hub), `OAUTH_SCOPES`: the OAuth app by which
   * accounts of the Hub sign in; a Space is given them where its README says `hf_oauth: true`.
   */
  oauth:
    | { clientId: string; clientSecret: string; provider: string | undefined; scopes: string | undefined }
    | undefined;
  /** `SPACE_HOST` and `SPACE_AUTHOR_NAME`: under which name a Space is reached, and whose it is. */
  space: { host: string; owner: string | undefined } | undefined;
  /** `HUBFUSE_DEVICE`: where scores are computed on this machine, where neither --device nor a recipe says so. */
  device: string | undefined;
  /** `WEBHOOK_PAYLOAD`: what happened, in a job that the Hub's webhook started. */
  hubEvent: string | undefined;
  /** `AWS_BATCH_JOB_ARRAY_INDEX`: number of a child of an array job of AWS Batch. */
  arrayIndex: string | undefined;
}

/** Reads the variables. An empty one counts as unset. */
export function readEnvironment(variables: Readonly<Record<string, string | undefined>>): Environment {
  const value = (name: string) => (variables[name] === '' ? undefined : variables[name]);
  return {
    noColor: value('NO_COLOR') !== undefined,
    debug: value('HUBFUSE_DEBUG') !== undefined,
    plainProgress: value('TERM') === 'dumb' || value('CI') !== undefined,
    server: value('HUBFUSE_SERVER'),
    key: value('HUBFUSE_KEY'),
    masterKey: value('HUBFUSE_MASTER_KEY'),
    webhookSecret: value('HUBFUSE_WEBHOOK_SECRET'),
    noticeSecret: value('HUBFUSE_NOTICE_SECRET'),
    hub: value('HF_ENDPOINT'),
    store: value('HUBFUSE_STORE'),
    device: value('HUBFUSE_DEVICE'),
    hubEvent: value('WEBHOOK_PAYLOAD'),
    arrayIndex: value('AWS_BATCH_JOB_ARRAY_INDEX'),
    oauth: oauthOf(value),
    space: spaceOf(value),
    home: resolve(value('HUBFUSE_HOME') ?? join(value('XDG_CACHE_HOME') ?? join(homedir(), '.cache'), 'hubfuse')),
  };
}

function oauthOf(value: (name: string) => string | undefined): Environment['oauth'] {
  const [clientId, clientSecret] = [value('OAUTH_CLIENT_ID'), value('OAUTH_CLIENT_SECRET')];
  if (clientId === undefined || clientSecret === undefined) return undefined;
  return { clientId, clientSecret, provider: value('OPENID_PROVIDER_URL'), scopes: value('OAUTH_SCOPES') };
}

function spaceOf(value: (name: string) => string | undefined): Environment['space'] {
  const host = value('SPACE_HOST');
  return host === undefined ? undefined : { host, owner: value('SPACE_AUTHOR_NAME') };
}
