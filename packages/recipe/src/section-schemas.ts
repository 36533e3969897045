import { DEVICES, type Registry } from '@hubfuse/plugin';
import { GATE_NAMES } from './gate.ts';
import type { JsonSchema } from './schema.ts';

/** A reference: text, or mergekit's object. */
export function modelReferenceSchema(): JsonSchema {
  const pathObject: JsonSchema = {
    type: 'object',
    additionalProperties: false,
    required: ['path'],
    properties: { path: { type: 'string' }, revision: { type: 'string' } },
  };
  return {
    description: 'A Hub address, hf:// address, id, id@revision, or local folder.',
    anyOf: [
      { type: 'string', minLength: 1 },
      pathObject,
      {
        type: 'object',
        additionalProperties: false,
        required: ['model'],
        properties: { model: { anyOf: [{ type: 'string' }, pathObject] } },
      },
    ],
  };
}

/** The `evaluate:` block with the registered tasks, metrics, formats and columns. */
export function evaluateSchema(registry: Registry): JsonSchema {
  const roles = new Set(registry.list('task').flatMap((task) => Object.keys(task.columns)));
  const file = (description: string) => ({ type: 'string', description });
  return {
    type: 'object',
    description: 'What models are scored on.',
    additionalProperties: false,
    required: ['task', 'datasets'],
    properties: {
      task: { enum: registry.names('task'), description: 'What the models do.' },
      metric: { enum: registry.names('metric'), description: "Default: the task's own." },
      batch_tokens: count('Tokens per batch, padding included.'),
      max_length: count('Tokens at which a text is cut.'),
      limit: count('At most so many examples of each dataset.'),
      device: {
        enum: [...DEVICES],
        description:
          'Where scores are computed: processors, or a GPU by WebGPU or CUDA. Default: what the machine is set to.',
      },
      keep_examples: { type: 'boolean', default: false, description: 'Keep the result of every example.' },
      datasets: {
        type: 'array',
        minItems: 1,
        items: {
          type: 'object',
          additionalProperties: false,
          required: ['name'],
          anyOf: [{ required: ['dev'] }, { required: ['test'] }, { required: ['calib'] }],
          properties: {
            name: { type: 'string', description: 'What the gate, tables and card call it.' },
            from: file('Dataset repository or folder that the files come from.'),
            dev: file('File with examples for choices and the gate.'),
            test: file('File with examples for the report.'),
            calib: file('File with a slice of training data for statistics.'),
            format: { enum: registry.names('reader'), description: "Default: by the file name's ending." },
            split: { type: 'string', description: 'Rows to take: validation, [:500], test[:10%].' },
            limit: count('At most so many examples.'),
            seed: { type: 'integer', minimum: 0, description: 'Seed of the sample that limit takes.' },
            domain: { enum: ['in', 'out'], default: 'in', description: 'out: reported, and no part of the mean.' },
            head: { type: 'string', description: 'Name of the head to score with, where heads are kept apart.' },
            ...Object.fromEntries(
              [...roles].map((role) => [role, { type: 'string', description: `Name of the column with the ${role}.` }]),
            ),
          },
        },
      },
    },
  };
}

/** The keys `calibration` and `statistics` of a model, and of the top level. */
export function statisticsSchemas(registry: Registry): Record<'calibration' | 'statistics', JsonSchema> {
  const roles = new Set(registry.list('task').flatMap((task) => Object.keys(task.columns)));
  const data = {
    type: 'string',
    description: 'File with a slice of training data; {name} stands for the name of the model.',
  };
  return {
    calibration: {
      description: 'Examples to gather statistics on, for methods that read them, where a model brings none along.',
      anyOf: [
        data,
        {
          type: 'object',
          additionalProperties: false,
          required: ['data'],
          properties: {
            data,
            from: { type: 'string', description: 'Dataset repository or folder that the file comes from.' },
            task: { enum: registry.names('task'), description: 'How rows are read. Default: that of evaluate.' },
            format: { enum: registry.names('reader'), description: "Default: by the file name's ending." },
            split: { type: 'string', description: 'Rows to take: train, [:500], train[:10%].' },
            limit: count('At most so many examples.'),
            seed: { type: 'integer', minimum: 0, description: 'Seed of the sample that limit takes.' },
            max_length: count('Tokens at which a text is cut.'),
            ...Object.fromEntries(
              [...roles].map((role) => [role, { type: 'string', description: `Name of the column with the ${role}.` }]),
            ),
          },
        },
      ],
    },
    statistics: {
      type: 'string',
      description:
        'Statistics file, a path or the address of a file of a repository; {name} stands for the name of the model.',
    },
  };
}

/** The `publish:` block with the registered publishers. */
export function publishSchema(registry: Registry): JsonSchema {
  const plugins = registry.list('publisher').filter(({ name }) => name !== 'hub' && name !== 's3');
  const url: JsonSchema = {
    type: 'string',
    pattern: '^s3://',
    description: 's3://bucket/prefix: files under keys of their version, then manifest.json with the SHA-256 of each.',
  };
  const repo: JsonSchema = { type: 'string', description: 'namespace/name; it is created where it does not exist.' };
  return {
    type: 'object',
    description: 'Where the result goes.',
    additionalProperties: false,
    properties: {
      hub: {
        anyOf: [
          repo,
          {
            type: 'object',
            additionalProperties: false,
            required: ['repo'],
            properties: {
              repo,
              as: { enum: ['commit', 'pull_request'], default: 'commit' },
              private: { type: 'boolean', default: false, description: 'Whether a new repository is private.' },
              branch: { type: 'string', default: 'main' },
            },
          },
        ],
      },
      s3: {
        anyOf: [url, { type: 'object', additionalProperties: false, required: ['url'], properties: { url } }],
      },
      ...Object.fromEntries(plugins.map(({ name, targetSchema }) => [name, targetSchema ?? { type: 'object' }])),
      if: {
        type: 'string',
        description:
          'Publish only if it is met. Comparisons (> >= < <=) of development scores joined by and, or, not: ' +
          `${GATE_NAMES.join(', ')}, names of datasets, numbers, + and -; ` +
          'better(mean, published) where the paired 95 % interval of the difference must lie above zero.',
      },
    },
  };
}

/** The `trigger:` block. */
export function triggerSchema(): JsonSchema {
  return {
    type: 'object',
    description: 'What makes a stored recipe run by itself.',
    additionalProperties: false,
    properties: {
      refs: {
        type: 'array',
        items: { type: 'string', minLength: 1 },
        default: ['main'],
        description:
          'Branches and tags of the models and of the data that they are scored on, whose changes start a run. ' +
          'A reference with a revision watches that one instead.',
      },
      pull_requests: {
        type: 'boolean',
        default: false,
        description: 'Pull requests of these repositories start a run too; it publishes nothing.',
      },
      schedule: {
        type: 'string',
        description: 'Cron expression of five fields, in UTC: minute hour day month weekday; or @daily and the like.',
        examples: ['0 3 * * 1', '@daily'],
      },
    },
  };
}

/** The `limits:` block. */
export function limitsSchema(): JsonSchema {
  const amount = (description: string): JsonSchema => ({ type: ['string', 'number'], description });
  return {
    type: 'object',
    description: 'What a run may spend. Absent: without limit.',
    additionalProperties: false,
    properties: {
      time: amount('Time for which it works, over all its executions: 90s, 30m, 1h30m; a bare number is seconds.'),
      memory: amount('Memory that its merge works in, such as 8GiB.'),
      disk: amount('What it puts onto the disk in all, downloads included, such as 200GiB.'),
      runs_per_day: count('Runs of a stored recipe that start on one day (UTC).'),
      usd: dollars('Dollars that a run may cost where it runs, by the prices that hubfuse knows.'),
      usd_per_month: dollars('Dollars that the runs of a recipe may cost that start in one month (UTC).'),
    },
  };
}

/** The `compute:` block. */
export function computeSchema(): JsonSchema {
  return {
    type: 'object',
    description: 'How a run is carried out, where there is a choice; the result has the same bytes.',
    additionalProperties: false,
    properties: {
      children: {
        ...count('Workers that execute the run together, each on a machine of its own; default: as the plan needs.'),
        maximum: 10_000,
      },
    },
  };
}

function dollars(description: string): JsonSchema {
  return { type: 'number', exclusiveMinimum: 0, description };
}

function count(description: string): JsonSchema {
  return { type: 'integer', minimum: 1, description };
}
