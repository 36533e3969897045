import { existsSync } from 'node:fs';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { registerArchitectures } from '@hubfuse/graphs';
import { openFolder } from '@hubfuse/hub';
import {
  executeMerge,
  type Genealogy,
  type MergeInput,
  type MergePlan,
  type MergeResult,
  planMerge,
  registerMethods,
} from '@hubfuse/merge';
import { type ModelStatistics, Registry } from '@hubfuse/plugin';
import { type ModelEntry, parseRecipe } from '@hubfuse/recipe';
import { readCheckpoint, readSafetensors, type TensorData, writeSafetensors } from '@hubfuse/tensors';

/** What a recipe over local folders may be run with. */
export interface MergeOptions {
  /** The recipe. */
  text: string;
  /** What messages call it. */
  file?: string;
  shardSize?: number;
  /** Of each model, for a method that reads some. */
  statistics?: readonly ModelStatistics[];
  /** Default: the built-in methods and architectures. */
  registry?: Registry;
}

export interface ExecuteOptions extends MergeOptions {
  /** Folder that the result appears in; made where it does not exist. */
  out: string;
  workers?: number;
  memory?: number;
  /** How the models have evolved before. */
  genealogy?: Genealogy;
}

/** The built-in methods and architectures. */
export async function builtIns(): Promise<Registry> {
  const registry = new Registry();
  await registerArchitectures(registry);
  await registerMethods(registry);
  return registry;
}

const known = builtIns();

/** Merges, and reads the result back. */
export async function mergeRecipe(
  options: ExecuteOptions,
): Promise<{ plan: MergePlan; result: MergeResult; tensors: Map<string, TensorData> }> {
  const { plan, folders, statistics } = await prepare(options);
  const { out, workers = 1, memory, genealogy, registry = await known } = options;
  await mkdir(out, { recursive: true });
  const result = await executeMerge({ plan, folders, statistics, out, registry, workers, memory, genealogy });
  return { plan, result, tensors: await readModel(out, plan) };
}

/** All tensors of the files that a plan names. */
async function readModel(folder: string, plan: MergePlan): Promise<Map<string, TensorData>> {
  const files = await Promise.all(plan.outputs.map(({ path }) => readSafetensors(join(folder, path))));
  return new Map(files.flatMap(({ tensors }) => [...tensors]));
}

async function prepare(options: MergeOptions): Promise<{ plan: MergePlan; folders: string[]; statistics: string[] }> {
  const { registry = await known } = options;
  const recipe = parseRecipe(options.text, { file: options.file, registry });
  const base = recipe.base === undefined ? undefined : await openInput(recipe.base);
  const opened = await Promise.all(recipe.models.map(openInput));
  const models = opened.map((model, i) => ({ ...model, statistics: options.statistics?.[i] }));
  const plan = planMerge({ recipe, base, models, registry, shardSize: options.shardSize });
  return {
    plan,
    folders: plan.inputs.map(({ name }) => name),
    statistics: plan.statistics.map(({ name }) => name),
  };
}

async function openInput({ reference }: ModelEntry): Promise<MergeInput> {
  if (reference.kind !== 'folder') throw new Error(`${reference.reference} is no local folder`);
  const source = await openFolder(reference.path, reference.reference);
  const checkpoint = await readCheckpoint(source);
  const config = JSON.parse(await readFile(join(reference.path, 'config.json'), 'utf8')) as Record<string, unknown>;
  return { source, checkpoint, config };
}

/** Writes a model folder of tensors in memory; `config` is its config.json. */
export async function writeModel(
  folder: string,
  tensors: ReadonlyMap<string, TensorData>,
  config?: Readonly<Record<string, unknown>>,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeSafetensors(join(folder, 'model.safetensors'), tensors, { format: 'pt' });
  if (config !== undefined) await writeFile(join(folder, 'config.json'), JSON.stringify(config));
}

/** Gives a folder the config.json of another. */
export async function copyConfig(from: string, to: string): Promise<void> {
  if (existsSync(join(from, 'config.json'))) await copyFile(join(from, 'config.json'), join(to, 'config.json'));
}
