import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Architecture, Registry } from '@hubfuse/plugin';
import { parseRecipe } from '@hubfuse/recipe';
import {
  type DType,
  folderSource,
  fromFloat32,
  isFloatDType,
  readCheckpoint,
  writeSafetensors,
} from '@hubfuse/tensors';
import { type MergeInput, type MergePlan, planMerge, registerMethods } from '../src/index.ts';

/** A naming of BERT's kind without a graph: enough for alignment. */
const bertNaming: Architecture = {
  kind: 'architecture',
  name: 'tiny',
  modelTypes: ['tiny'],
  classes: ['TinyModel', 'TinyForSequenceClassification'],
  prefix: 'tiny',
  heads: ['classifier'],
  labelTensors: ['classifier.weight', 'classifier.bias'],
  legacyNames: [['.LayerNorm.gamma', '.LayerNorm.weight']],
  tied: {},
  buffers: ['.position_ids'],
  build: () => undefined,
};

export async function tinyRegistry(): Promise<Registry> {
  const registry = new Registry();
  await registerMethods(registry);
  registry.register(bertNaming);
  return registry;
}

export type TinyTensors = Readonly<
  Record<string, { shape: readonly number[]; values: readonly number[]; dtype?: DType }>
>;

/** Values around zero, more of them small, the same for the same seed. */
export function randomValues(seed: number): (length: number) => number[] {
  let state = seed;
  const next = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state / 2 ** 32 - 0.5) ** 3;
  };
  return (length) => Array.from({ length }, next);
}

export async function scratch(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'hubfuse-merge-'));
}

/** Writes a model folder below `root`. */
export async function writeModel(
  root: string,
  options: { name: string; tensors: TinyTensors; config?: Record<string, unknown> },
): Promise<string> {
  const folder = join(root, options.name);
  await mkdir(folder, { recursive: true });
  const config = { model_type: 'tiny', architectures: ['TinyForSequenceClassification'], ...options.config };
  await writeFile(join(folder, 'config.json'), JSON.stringify(config));
  const tensors = Object.entries(options.tensors).map(([name, { shape, values, dtype = 'F32' }]) => {
    return [name, { dtype, shape, data: bytesOf(values, dtype) }] as const;
  });
  await writeSafetensors(join(folder, 'model.safetensors'), new Map(tensors));
  return folder;
}

/** Numbers as a file holds them; of types of one byte they are the bytes. */
function bytesOf(values: readonly number[], dtype: DType): Uint8Array {
  if (dtype === 'I64') return new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
  if (dtype === 'I32') return new Uint8Array(Int32Array.from(values).buffer);
  return isFloatDType(dtype) ? fromFloat32(Float32Array.from(values), dtype).data : Uint8Array.from(values);
}

export async function openInput(folder: string): Promise<MergeInput> {
  const source = await folderSource(folder);
  const config = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8')) as Record<string, unknown>;
  return { source, checkpoint: await readCheckpoint(source), config };
}

/** Plans the merge of a recipe whose models are folders. */
export async function plan(
  registry: Registry,
  recipe: Record<string, unknown>,
  options: { shardSize?: number } = {},
): Promise<{ plan: MergePlan; folders: string[] }> {
  const parsed = parseRecipe(JSON.stringify(recipe), { registry });
  const open = async (entry: { reference: { kind: string } }) => {
    if (entry.reference.kind !== 'folder') throw new Error('not a folder');
    return openInput((entry.reference as unknown as { path: string }).path);
  };
  const base = parsed.base === undefined ? undefined : await open(parsed.base);
  const models = await Promise.all(parsed.models.map(open));
  const made = planMerge({ recipe: parsed, base, models, registry, shardSize: options.shardSize });
  const usesBase = made.inputs[0]?.role === 'base';
  const folders = [...(usesBase && base !== undefined ? [base] : []), ...models].map(
    ({ source }) => source.folder ?? '',
  );
  return { plan: made, folders };
}
