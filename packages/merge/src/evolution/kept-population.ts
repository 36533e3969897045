import { createHash } from 'node:crypto';
import type { KeptRows } from '../execute/kept-rows.ts';
import type { MergePlan, PlannedTensor, TensorPart } from '../plan/merge-plan.ts';
import { evolves } from './evolving-tensors.ts';
import type { EvolutionStep, Genealogy } from './genealogy.ts';
import { groupSteps } from './lineage.ts';
import type { Replay } from './replay.ts';

/** A piece of a tensor, and where its rows may go that are not kept. */
export interface KeptPiece {
  offset: number;
  length: number;
  /** A row of the piece's length for each model. */
  spare(): readonly Float32Array[];
  /** Reads stored values. */
  read(part: TensorPart, into: Float32Array): void;
}

/** How the individuals have come about. */
interface Versions {
  /** Steps that see the same population, in order of acceptance; none where the tensor does not evolve. */
  groups: readonly (readonly EvolutionStep[])[];
  /** The word of each individual behind so many groups. */
  words: readonly (readonly string[])[];
  /** Words that the next candidate may need: those of this population, and of that before the last group. */
  alive: ReadonlySet<string>;
  /** What `neededBehind` has told, by what was wanted. */
  needed: Map<string, Set<number>[]>;
}

/** What the rows of one tensor rest on. */
interface History extends Versions {
  /** What is the same for all pieces of the tensor. */
  place: string;
  /** What has been found for this merge, by the piece's offset: other sweeps and the writing ask for it again. */
  pieces: Map<number, FoundRows>;
}

interface FoundRows {
  base?: Float32Array;
  /** By what was wanted. */
  models: Map<string, readonly Float32Array[]>;
}

const BASE = 'base';
/** What is wanted where nothing is said. */
const ALL = 'all';

/**
 * The values of a population from rows that are kept: what earlier candidates have had in common with this one is neither read nor
 * replayed again. Rows have the bytes of a full replay, since a step rounds its child to the population's dtype once.
 */
export class KeptPopulation {
  readonly #rows: KeptRows;
  readonly #plan: MergePlan;
  /** A word for the folders of the inputs. */
  readonly #inputs: string;
  readonly #genealogy: Genealogy | undefined;
  readonly #replay: Replay | undefined;
  readonly #histories = new Map<PlannedTensor, History>();
  #versions: Versions | undefined;

  constructor(options: {
    rows: KeptRows;
    plan: MergePlan;
    folders: readonly string[];
    genealogy: Genealogy | undefined;
    replay: Replay | undefined;
  }) {
    this.#rows = options.rows;
    this.#plan = options.plan;
    this.#inputs = createHash('sha256').update(JSON.stringify(options.folders)).digest('base64');
    this.#genealogy = options.genealogy;
    this.#replay = options.replay;
  }

  /** Whether rows of a tensor may be kept: not where its rows stand in another order in some model. */
  static keeps({ base, parts }: PlannedTensor): boolean {
    return [base, ...parts].every((part) => part?.rows === undefined);
  }

  base(tensor: PlannedTensor, piece: Omit<KeptPiece, 'spare'> & { spare(): Float32Array }): Float32Array {
    const history = this.#historyOf(tensor);
    const known = pieceOf(history, piece.offset);
    if (known.base !== undefined) return known.base;
    const part = tensor.base as TensorPart;
    const spare = piece.spare();
    const row = this.#original(history, { ...piece, spare, word: BASE, part });
    if (row !== spare) known.base = row;
    return row;
  }

  /** The values of the models, or of `wanted` alone; other rows hold anything. */
  models(tensor: PlannedTensor, piece: KeptPiece & { wanted: readonly number[] | undefined }): readonly Float32Array[] {
    const history = this.#historyOf(tensor);
    const known = pieceOf(history, piece.offset).models;
    const key = piece.wanted?.join(' ') ?? ALL;
    const found = known.get(key);
    if (found !== undefined) return found;
    const individual = this.#genealogy?.individual;
    const wanted = piece.wanted ?? (individual === undefined ? [...tensor.parts.keys()] : [individual]);
    const spare = piece.spare();
    const rows = this.#rowsOf(tensor, { history, piece: { ...piece, spare }, needed: neededOf(history, wanted) });
    // Rows that the population ends with are kept as long as this merge lasts; spare ones are not.
    if (wanted.every((model) => rows[model] !== spare[model])) known.set(key, rows);
    return rows;
  }

  /** @param options.needed the individuals whose values matter, by the number of groups before */
  #rowsOf(
    tensor: PlannedTensor,
    {
      history,
      piece,
      needed,
    }: {
      history: History;
      piece: Omit<KeptPiece, 'spare'> & { spare: readonly Float32Array[] };
      needed: readonly ReadonlySet<number>[];
    },
  ): Float32Array[] {
    const { groups, words } = history;
    const { length } = piece;
    const place = placeOf(history, piece);
    const wordOf = (model: number, behind: number) => words[behind]?.[model] as string;
    let behind = groups.length;
    const isKept = (): boolean =>
      [...(needed[behind] as ReadonlySet<number>)].every((model) => this.#rows.has(place, wordOf(model, behind)));
    while (behind > 0 && !isKept()) behind--;
    const rows = [...piece.spare];
    for (const model of needed[behind] as ReadonlySet<number>) {
      const [word, part] = [wordOf(model, behind), tensor.parts[model] as TensorPart];
      rows[model] =
        behind === 0
          ? this.#original(history, { ...piece, spare: piece.spare[model] as Float32Array, word, part })
          : (this.#rows.get(place, { word, length }) as Float32Array);
    }
    for (; behind < groups.length; behind++) {
      const after = needed[behind + 1] as ReadonlySet<number>;
      const steps = (groups[behind] as EvolutionStep[]).filter((step) => after.has(step.individual));
      const into = [...piece.spare];
      const replay = () => this.#replay?.step(tensor, { offset: piece.offset, rows, steps, into });
      // What comes before the last group is what the next candidate goes on from.
      const keeps = behind + 1 >= groups.length - 1;
      if (keeps) {
        const children = steps.map(({ individual }) => individual);
        this.#rows.keepAll(place, {
          words: children.map((child) => wordOf(child, behind + 1)),
          length,
          // What the children are made of must stay.
          alive: new Set([...history.alive, ...(words[behind] as readonly string[])]),
          fill(places) {
            children.forEach((child, index) => {
              into[child] = places[index] ?? (into[child] as Float32Array);
            });
            replay();
          },
        });
      } else replay();
      for (const { individual } of steps) rows[individual] = into[individual] as Float32Array;
      if (!keeps) continue;
      for (const model of after) {
        const row = rows[model] as Float32Array;
        if (row !== piece.spare[model]) continue;
        const kept = { word: wordOf(model, behind + 1), length, alive: history.alive };
        rows[model] = this.#rows.keep(place, { ...kept, fill: (to) => to.set(row) }) ?? row;
      }
    }
    return rows;
  }

  /** Stored values: kept already, read into a row that is kept from now on, or into the spare one. */
  #original(
    history: History,
    piece: Omit<KeptPiece, 'spare'> & { spare: Float32Array; word: string; part: TensorPart },
  ): Float32Array {
    const { word, length, part, spare, read } = piece;
    const place = placeOf(history, piece);
    // Rows that the same piece has just been given must stay.
    const alive = new Set([...history.alive, ...(history.words[0] ?? [])]);
    const kept =
      this.#rows.get(place, { word, length }) ??
      this.#rows.keep(place, { word, length, alive, fill: (row) => read(part, row) });
    if (kept !== undefined) return kept;
    read(part, spare);
    return spare;
  }

  #historyOf(tensor: PlannedTensor): History {
    const known = this.#histories.get(tensor);
    if (known !== undefined) return known;
    const genealogy = this.#genealogy;
    const isEvolving = genealogy !== undefined && evolves(tensor, { genealogy, individuals: this.#plan.models });
    const parts = [tensor.base, ...tensor.parts].map(
      (part) => part && `${part.input} ${part.file} ${part.offset} ${part.dtype}`,
    );
    const history: History = {
      place: this.#rows.shortNameOf(`${this.#inputs} ${tensor.name} ${parts.join(' ')}`),
      pieces: new Map(),
      ...(isEvolving ? this.#evolved(genealogy) : originals(tensor.parts.length)),
    };
    this.#histories.set(tensor, history);
    return history;
  }

  /** The same for all tensors that evolve. */
  #evolved(genealogy: Genealogy): Versions {
    if (this.#versions !== undefined) return this.#versions;
    const { steps: _, individual: __, ...settings } = genealogy;
    const groups = groupSteps(genealogy);
    const { words } = originals(this.#plan.models);
    const all = [...words];
    let chain = JSON.stringify(settings);
    for (const group of groups) {
      chain = createHash('sha256').update(chain).update(JSON.stringify(group)).digest('base64');
      const next = [...(all.at(-1) as readonly string[])];
      for (const { individual } of group) next[individual] = `${chain} ${individual}`;
      all.push(next);
    }
    this.#versions = { groups, words: all, alive: new Set([BASE, ...all.slice(-2).flat()]), needed: new Map() };
    return this.#versions;
  }
}

function originals(models: number): Versions {
  const words = [Array.from({ length: models }, (_, model) => `original ${model}`)];
  return { groups: [], words, alive: new Set([BASE, ...words.flat()]), needed: new Map() };
}

function pieceOf({ pieces }: History, offset: number): FoundRows {
  const known = pieces.get(offset);
  if (known !== undefined) return known;
  const made: FoundRows = { models: new Map() };
  pieces.set(offset, made);
  return made;
}

function placeOf({ place }: History, { offset, length }: Pick<KeptPiece, 'offset' | 'length'>): string {
  return `${place} ${offset} ${length}`;
}

function neededOf({ groups, needed }: Versions, wanted: readonly number[]): Set<number>[] {
  const key = wanted.join(' ');
  const known = needed.get(key) ?? neededBehind(groups, wanted);
  needed.set(key, known);
  return known;
}

/** By number of groups: the individuals whose values behind them matter for `wanted` behind all of them. */
function neededBehind(groups: readonly (readonly EvolutionStep[])[], wanted: readonly number[]): Set<number>[] {
  const needed = [new Set(wanted)];
  for (const group of [...groups].reverse()) {
    const after = needed[0] as Set<number>;
    // A child still holds its parent's scalars where the crossover took none, so the parent stays needed.
    const references = group.filter(({ individual }) => after.has(individual)).flatMap((step) => step.references);
    needed.unshift(new Set([...after, ...references]));
  }
  return needed;
}
