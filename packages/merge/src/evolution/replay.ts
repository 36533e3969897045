import { TensorError } from '@hubfuse/plugin';
import type { KernelInstance, KernelMemory, WordPair } from '@hubfuse/tensors';
import type { PlannedTensor } from '../plan/merge-plan.ts';
import { crossoverKey, tensorWords } from './crossover-key.ts';
import { evolves } from './evolving-tensors.ts';
import type { EvolutionStep, Genealogy } from './genealogy.ts';
import { type Lineage, lineageOf } from './lineage.ts';

/** Elements that are replayed at a time: as many as a block has, so that all rows of a step stay in the cache. */
export const REPLAY_ELEMENTS = 65_536;

export interface ReplayOptions {
  genealogy: Genealogy;
  individuals: number;
  memory: KernelMemory;
  kernels: KernelInstance;
  /** Where masks come from. Default: the genealogy's seed. */
  drawMask?: DrawMask | undefined;
}

/** Sets all bits of a row where a child's scalars are the mutant's; `offset` counts the tensor's elements before the row. */
export type DrawMask = (mask: Float32Array, place: { step: EvolutionStep; tensor: string; offset: number }) => void;

/**
 * Replays a genealogy over pieces of tensors: rows go in with the original models' values and come out with those of
 * the evolved population. Steps are taken in order of acceptance, each on the whole piece, never recursively; so the
 * bytes are those of carrying the population along, whatever the pieces are.
 */
export class Replay {
  readonly individual: number | undefined;
  readonly #options: ReplayOptions;
  readonly #lineage: Lineage;
  readonly #mask: Float32Array;
  readonly #children: readonly Float32Array[];
  readonly #drawMask: DrawMask;
  readonly #names = new Map<string, WordPair>();

  /** Bytes of kernel memory that a replay takes. */
  static memoryBytes(genealogy: Genealogy, individuals: number): number {
    const rows = 1 + (genealogy.update === 'synchronous' ? individuals : 1);
    return rows * (REPLAY_ELEMENTS * 4 + 64);
  }

  /** Takes its working rows from `memory`, where `memoryBytes` must be reserved. */
  constructor(options: ReplayOptions) {
    const { genealogy, memory, individuals } = options;
    this.#options = options;
    this.#lineage = lineageOf(genealogy, individuals);
    this.individual = genealogy.individual;
    this.#drawMask = options.drawMask ?? this.#seededMask.bind(this);
    this.#mask = memory.float32(REPLAY_ELEMENTS);
    const children = genealogy.update === 'synchronous' ? individuals : 1;
    this.#children = Array.from({ length: children }, () => memory.float32(REPLAY_ELEMENTS));
  }

  /** Whether it changes anything. */
  get hasSteps(): boolean {
    return this.#lineage.groups.length > 0;
  }

  /** Whether the result depends on a model's own values of a tensor. */
  needs(tensor: PlannedTensor, model: number): boolean {
    const { genealogy, individuals } = this.#options;
    if (evolves(tensor, { genealogy, individuals })) return this.#lineage.needed[model] === true;
    return genealogy.individual === undefined || genealogy.individual === model;
  }

  /**
   * Turns the models' values into the population's, in place.
   * @param piece.offset elements of the tensor before the piece
   * @throws TensorError where a child's value is not finite or does not fit into the state's dtype
   */
  evolve(tensor: PlannedTensor, piece: { offset: number; rows: readonly Float32Array[] }): void {
    const { genealogy, individuals } = this.#options;
    if (!evolves(tensor, { genealogy, individuals })) return;
    const length = piece.rows[0]?.length ?? 0;
    for (let start = 0; start < length; start += REPLAY_ELEMENTS) {
      const end = Math.min(length, start + REPLAY_ELEMENTS);
      const rows = piece.rows.map((row) => row.subarray(start, end));
      for (const group of this.#lineage.groups) {
        this.#apply(group, { tensor, offset: piece.offset + start, rows, into: rows });
      }
    }
  }

  /**
   * Takes steps that see the same population: puts their children into rows of their own, by individual.
   * @param piece.offset elements of the tensor before the piece
   * @throws TensorError as `evolve`
   */
  step(
    tensor: PlannedTensor,
    piece: {
      offset: number;
      rows: readonly Float32Array[];
      steps: readonly EvolutionStep[];
      into: readonly Float32Array[];
    },
  ): void {
    const length = piece.rows[0]?.length ?? 0;
    for (let start = 0; start < length; start += REPLAY_ELEMENTS) {
      const cut = (row: Float32Array) => row.subarray(start, Math.min(length, start + REPLAY_ELEMENTS));
      const [rows, into] = [piece.rows.map(cut), piece.into.map(cut)];
      this.#apply(piece.steps, { tensor, offset: piece.offset + start, rows, into });
    }
  }

  /** Children of one group see the same population: where it is they that take its place, all are made before the first one does. */
  #apply(
    group: readonly EvolutionStep[],
    piece: {
      tensor: PlannedTensor;
      offset: number;
      rows: readonly Float32Array[];
      into: readonly Float32Array[];
    },
  ): void {
    const placeOf = ({ individual }: EvolutionStep) => piece.into[individual] as Float32Array;
    const overwrites = (step: EvolutionStep) => piece.rows.some((row) => row.byteOffset === placeOf(step).byteOffset);
    // A scalar of a child is made of those of the same place alone, so that an only child may be written over its parent.
    const inPlace = group.length === 1 || !group.some(overwrites);
    const children = group.map((step, index) => {
      const place = placeOf(step);
      const child = inPlace ? place : (this.#children[index] as Float32Array).subarray(0, place.length);
      this.#makeChild(child, step, piece);
      return child;
    });
    if (inPlace) return;
    for (const [index, step] of group.entries()) placeOf(step).set(children[index] as Float32Array);
  }

  #makeChild(
    child: Float32Array,
    step: EvolutionStep,
    piece: { tensor: PlannedTensor; offset: number; rows: readonly Float32Array[] },
  ): void {
    const { genealogy, kernels } = this.#options;
    const { mode, scale, dtype } = genealogy;
    const { tensor, offset, rows } = piece;
    const mask = this.#mask.subarray(0, child.length);
    this.#drawMask(mask, { step, tensor: tensor.name, offset });
    makeChild(child, { kernels, mode, scale, step, rows, mask });
    const bad = kernels.round(dtype, child);
    if (bad >= 0) throw notRepresentable(tensor, { index: offset + bad, value: child[bad] as number, dtype });
  }

  #seededMask(mask: Float32Array, place: { step: EvolutionStep; tensor: string; offset: number }): void {
    const { seed, crossover } = this.#options.genealogy;
    const { generation, individual } = place.step;
    const key = crossoverKey({ seed, generation, individual, tensor: this.#wordsOf(place.tensor) });
    this.#options.kernels.evolution.crossoverMask(mask, { key, offset: place.offset, crossover });
  }

  #wordsOf(name: string): WordPair {
    const words = this.#names.get(name) ?? tensorWords(name);
    this.#names.set(name, words);
    return words;
  }
}

/** Mutation and crossover of one piece, given its mask; not yet rounded to the state's dtype. */
function makeChild(
  child: Float32Array,
  options: {
    kernels: Pick<KernelInstance, 'evolution'>;
    mode: Genealogy['mode'];
    scale: number;
    step: Pick<EvolutionStep, 'individual' | 'references'>;
    /** By individual. */
    rows: readonly Float32Array[];
    mask: Float32Array;
  },
): void {
  const { kernels, mode, scale, step, rows, mask } = options;
  const parent = rows[step.individual] as Float32Array;
  const [first, second] = step.references.map((reference) => rows[reference] as Float32Array);
  if (mode === 'blend') {
    kernels.evolution.blend(child, { parent, reference: first as Float32Array, mask }, scale);
  } else {
    kernels.evolution.differential(
      child,
      { parent, first: first as Float32Array, second: second as Float32Array, mask },
      scale,
    );
  }
}

function notRepresentable(
  { name }: PlannedTensor,
  { index, value, dtype }: { index: number; value: number; dtype: string },
): TensorError {
  return new TensorError({
    code: Number.isFinite(value) ? 'tensors/overflow' : 'tensors/not-finite',
    where: name,
    message: `the child's value ${value} at index ${index} does not fit into ${dtype}`,
    hint: 'evolve with a smaller scale, or keep the population in float32',
  });
}
