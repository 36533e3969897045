import { type Architecture, canonicalTensorName, type Registry, unwrappedTensorName } from '@hubfuse/plugin';
import { type MergeInput, modelTypeOf } from './merge-input.ts';

/** How the planner names the tensors of a family whose models it aligns. */
export interface Naming {
  /** The registered architecture; absent for a family that hubfuse does not know by name. */
  architecture?: Architecture;
  canonical(stored: string): string;
  /** A stored name without what a wrapper around the model put before it. */
  unwrapped(stored: string): string;
  /** The tensor that an absent one equals (a tied head), in canonical names. */
  tiedTo(canonical: string): string | undefined;
  isHead(canonical: string): boolean;
  /** Head tensors with one row per label. */
  isLabelTensor(canonical: string): boolean;
  /** Weights of linear layers that are stored as inputs x outputs. */
  isTransposed(canonical: string): boolean;
}

/** Endings of heads that share the token embeddings when they are not stored, and of those embeddings. */
const TIED_HEADS = ['lm_head.weight', 'embed_out.weight'];
const TOKEN_EMBEDDINGS = [
  'embed_tokens.weight',
  'wte.weight',
  'word_embeddings.weight',
  'embed_in.weight',
  'shared.weight',
];

/** Families whose linear layers are transformers' `Conv1D`, and how those layers' weights end. */
const CONV1D_FAMILIES = ['gpt2', 'openai-gpt', 'imagegpt', 'decision_transformer'];
const CONV1D_WEIGHT = /(^|\.)(c_attn|q_attn|c_proj|c_fc)\.weight$/;

/** First parts of the names of classification heads in families without a registered architecture. */
const HEADS = ['classifier', 'score', 'qa_outputs', 'pre_classifier'];

export function namingOf(inputs: readonly MergeInput[], registry: Registry): Naming {
  const type = inputs.map(modelTypeOf).find((name) => name !== undefined);
  const architecture = registry.list('architecture').find(({ modelTypes }) => modelTypes.includes(type ?? ''));
  const naming = architecture === undefined ? genericNaming(inputs) : architectureNaming(architecture);
  return { ...naming, isTransposed: (name) => CONV1D_FAMILIES.includes(type ?? '') && CONV1D_WEIGHT.test(name) };
}

function architectureNaming(architecture: Architecture): Omit<Naming, 'isTransposed'> {
  const headOf = (name: string) => architecture.heads.includes(name.split('.')[0] ?? '');
  return {
    architecture,
    canonical: (stored) => canonicalTensorName(stored, architecture),
    unwrapped: (stored) => unwrappedTensorName(stored, architecture),
    tiedTo: (name) => architecture.tied[name],
    isHead: headOf,
    isLabelTensor: (name) => architecture.labelTensors.includes(name),
  };
}

/** What the names of such families begin with stays: their models are called `model` themselves. */
const GENERIC = { prefix: 'model', heads: [] };

/** Names as stored, but for what wrappers add, and for a prefix that only some of the models have. */
function genericNaming(inputs: readonly MergeInput[]): Omit<Naming, 'isTransposed'> {
  const unwrapped = (stored: string) => unwrappedTensorName(stored, GENERIC);
  const stored = inputs.map(({ checkpoint }) => [...checkpoint.tensors.keys()].map(unwrapped));
  const prefix = commonPrefix(stored);
  const canonical = (storedName: string) => {
    const name = unwrapped(storedName);
    if (prefix === undefined || name.startsWith(`${prefix}.`)) return name;
    const first = name.split('.')[0] ?? '';
    return isOutsidePrefix(stored, { prefix, first }) ? name : `${prefix}.${name}`;
  };
  const names = new Set(stored.flat().map(canonical));
  const embedding = [...names].find((name) => TOKEN_EMBEDDINGS.some((ending) => name.endsWith(ending)));
  return {
    canonical,
    unwrapped,
    tiedTo: (name) => (TIED_HEADS.some((ending) => name.endsWith(ending)) ? embedding : undefined),
    isHead: (name) => HEADS.includes(name.split('.')[0] ?? ''),
    isLabelTensor: (name) => /^(classifier|score)\.(weight|bias)$/.test(name),
  };
}

/** Names of each model's tensors. */
type Names = readonly (readonly string[])[];

/** The part that stands before most names of one model while another one lacks it. */
function commonPrefix(models: Names): string | undefined {
  const prefixes = new Set(models.map(dominantFirstPart).filter((part) => part !== undefined));
  for (const prefix of prefixes) {
    const lacking = models.some((names) => {
      return !names.some((name) => name.startsWith(`${prefix}.`)) && shareOfNames(models, { prefix, names }) > 0.5;
    });
    if (lacking) return prefix;
  }
  return undefined;
}

function dominantFirstPart(names: readonly string[]): string | undefined {
  const counts = new Map<string, number>();
  for (const name of names) {
    const first = name.split('.')[0] ?? '';
    counts.set(first, (counts.get(first) ?? 0) + 1);
  }
  return [...counts].find(([, count]) => count > names.length / 2)?.[0];
}

/** Which share of `names`, with the prefix put before, some model has. */
function shareOfNames(models: Names, { prefix, names }: { prefix: string; names: readonly string[] }): number {
  const all = new Set(models.flat());
  const known = names.filter((name) => all.has(`${prefix}.${name}`));
  return names.length === 0 ? 0 : known.length / names.length;
}

function isOutsidePrefix(models: Names, { prefix, first }: { prefix: string; first: string }): boolean {
  return models.some((names) => {
    return names.some((name) => name.startsWith(`${prefix}.`)) && names.some((name) => name.split('.')[0] === first);
  });
}
