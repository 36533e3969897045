import type { Options } from './command.ts';

/** Options that every command takes. */
export const everywhere = {
  json: { type: 'flag', description: 'print JSON lines on stdout and nothing else there' },
  quiet: { type: 'flag', short: 'q', description: 'print results and errors only, no progress' },
  plugin: {
    type: 'list',
    value: 'package or file',
    description: 'load extensions from an npm package or a file; may be given several times',
  },
  help: { type: 'flag', short: 'h', description: 'show help' },
} as const satisfies Options;

/** Options that several commands share, declared once. */
export const common = {
  hub: {
    type: 'text',
    value: 'url',
    default: 'HF_ENDPOINT, else https://huggingface.co',
    description: 'the Hub that stands in for huggingface.co',
  },
  token: {
    type: 'text',
    value: 'token',
    default: 'HF_TOKEN, else the token of `hf auth login`',
    description: 'access token of the Hub; it is never stored or shown',
  },
  workers: {
    type: 'integer',
    value: 'n',
    minimum: 1,
    default: 'the number of processors, fewer for small models',
    description: 'worker threads; the merged bytes do not depend on them',
  },
  device: {
    type: 'text',
    value: 'name',
    choices: ['cpu', 'webgpu', 'cuda'],
    default: "the recipe's, else HUBFUSE_DEVICE, else cpu",
    description: 'where scores are computed; one that cannot be had is an error',
  },
  memory: {
    type: 'size',
    value: 'size',
    description: 'cap on the memory that a merge works in, such as 512MiB; the merged bytes do not depend on it',
  },
  'shard-size': {
    type: 'size',
    value: 'size',
    description: 'largest size of one output file: bytes, or with KB MB GB (1000) or KiB MiB GiB (1024)',
  },
  seed: { type: 'integer', value: 'n', minimum: 0, description: "seed of everything random; overrides the recipe's" },
} as const satisfies Options;
