import { HubError, type ModelFile, type ModelSource } from '@hubfuse/plugin';
import { parseCard } from './front-matter.ts';
import type { CardMetadata, Inspection, InspectionFinding } from './inspection.ts';

/** What a merge into one model per task has in place of config and weights. */
const TASKS = 'hubfuse-tasks.json';
const CONFIG = 'config.json';
const CARD = 'README.md';
const INDEX = 'model.safetensors.index.json';
const SHARD = /^model(-\d+-of-\d+)?\.safetensors$/;
const PICKLE = /(^|\/)(pytorch_model.*\.bin|.*\.(pt|pth|pkl|ckpt))$/;
const GGUF = /\.gguf$/i;
const ADAPTER = /^adapter_(model\.(safetensors|bin)|config\.json)$/;
/** Words in names of repositories that hold quantised weights. */
const QUANTISED_NAME = /(?:^|[-_.])(gguf|awq|gptq|exl2|exl3|bnb|4bit|8bit|int4|int8|w4a16|w8a8|hqq|mlx)(?:[-_.]|$)/i;
const LARGEST_CARD = 4 * 1024 * 1024;
const LARGEST_CONFIG = 64 * 1024 * 1024;

/**
 * What a model is, from its listing, config.json and card: three small reads. Findings of severity `refuse` say why it
 * cannot be merged.
 * @throws HubError `hub/bad-config` where config.json is no JSON object, or too large to be one
 */
export async function inspectModel(source: ModelSource): Promise<Inspection> {
  const config = await readConfig(source);
  const card = await readCard(source);
  const weights = weightFiles(source.files);
  const findings = [
    ...unusableWeights(source, { weights, card }),
    ...quantised(source, { config, card }),
    ...(config === undefined && weights.length > 0 ? [noConfig(source)] : []),
  ];
  return { source, config, card, weights, findings };
}

/** @throws HubError with the first finding of severity `refuse` */
export function requireMergeable(inspection: Inspection): void {
  const refusal = inspection.findings.find(({ severity }) => severity === 'refuse');
  if (refusal === undefined) return;
  const { code, message, hint } = refusal;
  throw new HubError({ code, message, hint, where: inspection.source.reference });
}

async function readConfig(source: ModelSource): Promise<Record<string, unknown> | undefined> {
  const file = source.files.find(({ path }) => path === CONFIG);
  if (file === undefined) return undefined;
  if (file.size > LARGEST_CONFIG) throw badConfig(source, `has ${file.size} bytes; at most 64 MiB are read`);
  const text = Buffer.from(await source.read(CONFIG)).toString('utf8');
  try {
    const config: unknown = JSON.parse(text);
    if (typeof config === 'object' && config !== null && !Array.isArray(config)) {
      return config as Record<string, unknown>;
    }
  } catch {
    // Answered below.
  }
  throw badConfig(source, 'is not a JSON object');
}

function badConfig(source: ModelSource, problem: string): HubError {
  return new HubError({
    code: 'hub/bad-config',
    where: `${source.name}/${CONFIG}`,
    message: `config.json ${problem}`,
    hint: 'the file is damaged: take another revision, or another copy of the folder',
  });
}

async function readCard(source: ModelSource): Promise<CardMetadata> {
  const file = source.files.find(({ path }) => path === CARD);
  if (file === undefined || file.size === 0) return parseCard('');
  const bytes = await source.read(CARD, { start: 0, end: Math.min(file.size, LARGEST_CARD) });
  return parseCard(Buffer.from(bytes).toString('utf8'));
}

/** The safetensors files that transformers would load from the root; others may hold the same weights once more. */
function weightFiles(files: readonly ModelFile[]): string[] {
  const paths = files.map(({ path }) => path).sort();
  if (paths.includes(INDEX)) return paths.filter((path) => SHARD.test(path));
  if (paths.includes('model.safetensors')) return ['model.safetensors'];
  return paths.filter((path) => /^[^/]+\.safetensors$/.test(path) && !ADAPTER.test(path));
}

function unusableWeights(
  source: ModelSource,
  { weights, card }: { weights: readonly string[]; card: CardMetadata },
): InspectionFinding[] {
  if (weights.length > 0) return [];
  const { name } = source;
  const paths = source.files.map(({ path }) => path);
  const [parent] = card.baseModels;
  const refuse = (code: string, message: string, hint: string): InspectionFinding[] => [
    { severity: 'refuse', code, message, hint },
  ];
  const adapter = paths.find((path) => ADAPTER.test(path));
  if (adapter !== undefined) {
    return refuse(
      'hub/adapter-only',
      `${name} holds only an adapter (${adapter}), not a model`,
      `merge the adapter into ${parent ?? 'its base model'} first, then name the result`,
    );
  }
  const gguf = paths.find((path) => GGUF.test(path));
  if (gguf !== undefined) {
    return refuse('hub/quantised', `${name} holds only GGUF files (${gguf})`, unquantised(parent));
  }
  const pickle = paths.find((path) => PICKLE.test(path));
  if (pickle !== undefined) {
    return refuse(
      'hub/pickle-only',
      `${name} holds its weights only as Python pickles (${pickle}), which run code when they are loaded`,
      'look for a revision with safetensors (often refs/pr/1), or convert it at https://huggingface.co/spaces/safetensors/convert',
    );
  }
  if (paths.includes(INDEX)) {
    return refuse(
      'hub/no-weights',
      `${name} holds ${INDEX} and none of the files that it names`,
      'download the missing files, or take another revision',
    );
  }
  return refuse('hub/no-weights', `${name} holds no safetensors files at its root`, 'is this a model repository?');
}

function quantised(
  source: ModelSource,
  { config, card }: { config: Record<string, unknown> | undefined; card: CardMetadata },
): InspectionFinding[] {
  const { name } = source;
  const [parent] = card.baseModels;
  const stated = config?.quantization_config ?? config?.compression_config;
  if (typeof stated === 'object' && stated !== null) {
    const method = 'quant_method' in stated ? String(stated.quant_method) : 'a packed form';
    return [
      {
        severity: 'refuse',
        code: 'hub/quantised',
        message: `the weights of ${name} are quantised (${method}, says config.json): they cannot be averaged`,
        hint: unquantised(parent),
      },
    ];
  }
  const word = QUANTISED_NAME.exec(name.split('/').at(-1) ?? name)?.[1];
  const related = card.baseModelRelation === 'quantized';
  if (word === undefined && !related) return [];
  return [
    {
      severity: 'warning',
      code: 'hub/quantised-name',
      message: related
        ? `the card of ${name} calls it a quantised version of ${parent ?? 'another model'}, though config.json does not`
        : `the name of ${name} says "${word ?? ''}", though config.json states no quantisation`,
      hint: unquantised(parent),
    },
  ];
}

function unquantised(parent: string | undefined): string {
  return parent === undefined
    ? 'name the model that it was quantised from'
    : `name the model that it was quantised from: ${parent}, says its card`;
}

function noConfig(source: ModelSource): InspectionFinding {
  if (source.files.some(({ path }) => path === TASKS)) {
    return {
      severity: 'refuse',
      code: 'hub/model-per-task',
      message: `${source.name} is a merge into one model per task (${TASKS}), not one model`,
      hint: `rebuild the model of a task first: hubfuse materialize ${source.reference} --task <name>`,
    };
  }
  return {
    severity: 'refuse',
    code: 'hub/no-config',
    message: `${source.name} has no config.json`,
    hint: 'name a repository in the layout of transformers',
  };
}
