import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { declaredClass, graphOverFiles } from '@hubfuse/graphs';
import { EvaluationError, type Registry, type Task } from '@hubfuse/plugin';
import { elementCount, folderSource, readCheckpoint } from '@hubfuse/tensors';
import { type KeptHead, readKeptHeads } from './kept-heads.ts';
import { labelNames } from './labels.ts';
import { longestInput } from './longest-input.ts';
import { requireOneModel } from './model-per-task.ts';
import type { ModelInput } from './scorer-types.ts';

/** What a worker needs to open a session, and what the labels and tokens of the model are. */
export interface PreparedModel {
  name: string;
  /** The head that answers, where the model has several. */
  head?: string;
  /** Name of the model that the head comes from. */
  headModel?: string;
  graph: Uint8Array;
  /** Absolute path of the folder with config.json and the tokenizer. */
  family: string;
  /** What config.json says. */
  config: Readonly<Record<string, unknown>>;
  /** Absolute path of the folder that the graph's data locations are relative to. */
  weights: string;
  labels: readonly string[];
  /** Bytes of the weights as a session holds them, in float32. */
  weightBytes: number;
  /** Hash of the tokenizer's files. */
  tokenizer: string;
  maxLength: number;
}

const TOKENIZER_FILES = ['tokenizer.json', 'tokenizer_config.json', 'special_tokens_map.json', 'added_tokens.json'];

/**
 * Reads config and headers of a model and builds its graph, or one for each head that was kept beside a merged trunk.
 * @returns one entry for each head that is made for the task
 * @throws EvaluationError where files are missing or the model has no head for the task; GraphError and TensorError of
 *   what they say about config and weights.
 */
export async function prepareModel(
  input: ModelInput,
  options: { task: Task; registry: Registry; maxLength?: number | undefined },
): Promise<PreparedModel[]> {
  const family = resolve('folder' in input ? input.folder : input.family);
  const weights = resolve('folder' in input ? input.folder : input.weights);
  const name = 'folder' in input ? (input.name ?? input.folder) : basename(input.weights);
  requireOneModel(name, await readdir(family).catch(() => []));
  const config = await readJson(join(family, 'config.json'));
  const heads = await headsForTask({ config, weights, task: options.task, name });
  const { tensors } = await readCheckpoint(await folderSource(weights, { reference: name }));
  const tokenizerConfig = await readJson(join(family, 'tokenizer_config.json'));
  const tokenizer = await hashTokenizer(family);
  const maxLength = longestInput({ config, tokenizerConfig, wanted: options.maxLength });
  return Promise.all(
    heads.map(async (head) => {
      const all = new Map([...tensors, ...head.tensors.map((tensor) => [tensor.name, tensor] as const)]);
      const { model, sessionOptions } = await graphOverFiles({
        config,
        className: head.className,
        tensors: all,
        registry: options.registry,
        folder: weights,
        unpadded: true,
      });
      return {
        name,
        ...(head.name === undefined ? {} : { head: head.name }),
        ...(head.model === undefined ? {} : { headModel: head.model }),
        graph: model,
        family,
        config,
        weights: sessionOptions.extra.session.model_external_initializers_file_folder_path,
        labels: head.labels,
        weightBytes: 4 * [...all.values()].reduce((sum, { shape }) => sum + elementCount(shape), 0),
        tokenizer,
        maxLength,
      };
    }),
  );
}

type Head = Omit<KeptHead, 'name'> & { name?: string };

/** The heads that were kept beside the weights, else the model's own. */
async function headsForTask(options: {
  config: Readonly<Record<string, unknown>>;
  weights: string;
  task: Task;
  name: string;
}): Promise<Head[]> {
  const { config, weights, task, name } = options;
  const suffix = task.autoModel.slice('AutoModel'.length);
  const kept = await readKeptHeads(weights);
  const fitting = kept.filter(({ className }) => className.endsWith(suffix));
  if (fitting.length > 0) return fitting;
  const className = declaredClass(config);
  if (kept.length === 0 && className?.endsWith(suffix) === true) {
    return [{ className, labels: labelNames(config, name), tensors: [] }];
  }
  const classes =
    kept.length === 0
      ? `config.json says ${className ?? 'nothing'}`
      : `its heads are ${kept.map((head) => head.className).join(', ')}`;
  throw new EvaluationError({
    code: 'evaluate/no-head',
    where: name,
    message: `${task.name} needs a model of a class ...${suffix}, and ${classes}`,
    hint: 'score a fine-tuned model, or name the task that this one is made for',
  });
}

async function readJson(path: string): Promise<Record<string, unknown>> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
  } catch (cause) {
    throw new EvaluationError({
      code: 'evaluate/model-file',
      where: path,
      message: `the file cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`,
      hint: 'a model folder has config.json, tokenizer.json, tokenizer_config.json and safetensors weights',
      cause,
    });
  }
}

async function hashTokenizer(folder: string): Promise<string> {
  const hash = createHash('sha256');
  for (const name of TOKENIZER_FILES) {
    const bytes = await readFile(join(folder, name)).catch(() => undefined);
    if (bytes === undefined && name === 'tokenizer.json') {
      throw new EvaluationError({
        code: 'evaluate/model-file',
        where: join(folder, name),
        message: 'the tokenizer file cannot be read',
        hint: 'only tokenizers saved as tokenizer.json can be used: save a fast tokenizer beside the model',
      });
    }
    hash.update(`${name}\0${bytes?.length ?? -1}\0`).update(bytes ?? new Uint8Array());
  }
  return hash.digest('hex');
}
