import type { StoredTensor } from '@hubfuse/tensors';
import { classOf, type PlacedInput } from './merge-input.ts';
import type { DroppedTensor } from './merge-plan.ts';
import type { Naming } from './naming.ts';

/** One tensor of the result and who has it. */
export interface AlignedTensor {
  canonical: string;
  /** Stored tensor by input index. A tied tensor stands for one that is not stored. */
  stored: ReadonlyMap<number, StoredTensor>;
  /** Inputs whose tensor is the one that it is tied to. */
  tied: readonly number[];
}

export interface Alignment {
  /** In order of canonical name. */
  tensors: AlignedTensor[];
  dropped: DroppedTensor[];
}

/**
 * Brings the tensors of all inputs together by meaning: prefixes and legacy names are evened out, a head that is tied
 * and not stored is its embedding. What only the base has is dropped: no fine-tune knows it, unless it is a head that they tie.
 */
export function alignTensors(inputs: readonly PlacedInput[], naming: Naming): Alignment {
  const found = new Map<string, Map<number, StoredTensor>>();
  const base = inputs.find(({ role }) => role === 'base');
  /** Whether a model of the base's class, which then has the base's heads, shares its embeddings with one of them. */
  const ties = (model: PlacedInput, embedding: ReadonlyMap<number, StoredTensor> | undefined): boolean =>
    base !== undefined && classOf(model) === classOf(base) && embedding?.has(model.index) === true;
  const dropped: DroppedTensor[] = [];
  for (const { index, checkpoint } of inputs) {
    for (const stored of checkpoint.tensors.values()) {
      const canonical = naming.canonical(stored.name);
      const holders = found.get(canonical) ?? new Map<number, StoredTensor>();
      if (holders.has(index)) {
        dropped.push({ input: index, name: stored.name, reason: `a second spelling of ${canonical}` });
      } else holders.set(index, stored);
      found.set(canonical, holders);
    }
  }
  const tensors: AlignedTensor[] = [];
  for (const canonical of [...found.keys()].sort()) {
    const stored = new Map(found.get(canonical));
    const target = naming.tiedTo(canonical);
    const embedding = target === undefined ? undefined : found.get(target);
    if (!inputs.some((input) => input.role === 'model' && (stored.has(input.index) || ties(input, embedding)))) {
      for (const [input, { name }] of stored) dropped.push({ input, name, reason: 'no fine-tune has it' });
      continue;
    }
    const tied: number[] = [];
    for (const { index } of inputs) {
      const own = embedding?.get(index);
      if (!stored.has(index) && own !== undefined) {
        stored.set(index, own);
        tied.push(index);
      }
    }
    tensors.push({ canonical, stored, tied });
  }
  return { tensors, dropped };
}
