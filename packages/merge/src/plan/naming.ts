import { type Architecture, canonicalTensorName, type Registry } from '@hubfuse/plugin';
import type { StoredTensor } from '@hubfuse/tensors';
import { type MergeInput, modelTypeOf } from './merge-input.ts';

/** How the planner names the tensors of a family whose models it aligns. */
export interface Naming {
  /** The registered architecture; absent for a family that hubfuse does not know by name. */
  architecture?: Architecture;
  canonical(stored: string): string;
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
    tiedTo: (name) => architecture.tied[name],
    isHead: headOf,
    isLabelTensor: (name) => architecture.labelTensors.includes(name),
  };
}

/** Names as stored, but for a prefix that only some of the models have. */
function genericNaming(inputs: readonly MergeInput[]): Omit<Naming, 'isTransposed'> {
  const prefix = commonPrefix(inputs);
  const canonical = (stored: string) => {
    if (prefix === undefined || stored.startsWith(`${prefix}.`)) return stored;
    const first = stored.split('.')[0] ?? '';
    return isOutsidePrefix(inputs, { prefix, first }) ? stored : `${prefix}.${stored}`;
  };
  const names = new Set(inputs.flatMap(({ checkpoint }) => [...checkpoint.tensors.keys()].map(canonical)));
  const embedding = [...names].find((name) => TOKEN_EMBEDDINGS.some((ending) => name.endsWith(ending)));
  return {
    canonical,
    tiedTo: (name) => (TIED_HEADS.some((ending) => name.endsWith(ending)) ? embedding : undefined),
    isHead: (name) => HEADS.includes(name.split('.')[0] ?? ''),
    isLabelTensor: (name) => /^(classifier|score)\.(weight|bias)$/.test(name),
  };
}

/** The part that stands before most names of one model while another one lacks it. */
function commonPrefix(inputs: readonly MergeInput[]): string | undefined {
  const dominant = inputs.map(({ checkpoint }) => dominantFirstPart(checkpoint.tensors));
  const prefixes = new Set(dominant.filter((part) => part !== undefined));
  for (const prefix of prefixes) {
    const lacking = inputs.some(({ checkpoint }) => {
      const names = [...checkpoint.tensors.keys()];
      return !names.some((name) => name.startsWith(`${prefix}.`)) && shareOfNames(inputs, { prefix, names }) > 0.5;
    });
    if (lacking) return prefix;
  }
  return undefined;
}

function dominantFirstPart(tensors: ReadonlyMap<string, StoredTensor>): string | undefined {
  const counts = new Map<string, number>();
  for (const name of tensors.keys()) {
    const first = name.split('.')[0] ?? '';
    counts.set(first, (counts.get(first) ?? 0) + 1);
  }
  return [...counts].find(([, count]) => count > tensors.size / 2)?.[0];
}

/** Which share of `names`, with the prefix put before, some input has. */
function shareOfNames(inputs: readonly MergeInput[], { prefix, names }: { prefix: string; names: string[] }): number {
  const known = names.filter((name) => inputs.some(({ checkpoint }) => checkpoint.tensors.has(`${prefix}.${name}`)));
  return names.length === 0 ? 0 : known.length / names.length;
}

function isOutsidePrefix(inputs: readonly MergeInput[], { prefix, first }: { prefix: string; first: string }): boolean {
  return inputs.some(({ checkpoint }) => {
    const names = [...checkpoint.tensors.keys()];
    return names.some((name) => name.startsWith(`${prefix}.`)) && names.some((name) => name.split('.')[0] === first);
  });
}
