import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ResourceError } from '@hubfuse/plugin';
import type { Build } from '../execute/open-builder.ts';
import { layOut } from '../plan/layout.ts';
import type { MergePlan, PlannedTensor, TensorPart } from '../plan/merge-plan.ts';
import { EVOLVER } from './check-genealogy.ts';
import { evolves } from './evolving-tensors.ts';
import type { EvolutionStep, Genealogy } from './genealogy.ts';

export interface CarryOptions {
  /** Folder for the weights of changed individuals. Removed files are given back; the folder itself stays. */
  folder: string;
  /** Steps that are kept as weights at a time, at least. Default 1; more where writing is dear. */
  steps?: number | undefined;
}

/** The weights of one individual that steps have changed. */
interface State {
  folder: string;
  files: readonly { path: string; size: number }[];
  /** Where each evolving tensor lies, by its name. */
  parts: ReadonlyMap<string, Pick<TensorPart, 'file' | 'offset'>>;
}

/**
 * Carries an evolved population along, so that a build replays none of the steps that earlier builds have had in common. The
 * bytes are those of a full replay, since a step rounds its child to the population's dtype once and that is what is stored.
 */
export class CarriedPopulation {
  readonly #folder: string;
  readonly #atLeast: number;
  readonly #build: (build: Build) => Promise<void>;
  readonly #states = new Map<number, State>();
  /** What was built last. */
  #plan: MergePlan | undefined;
  #settings = '';
  #last: readonly EvolutionStep[] = [];
  /** The steps that the states hold. */
  #kept: readonly EvolutionStep[] = [];
  #written = 0;
  #full = false;

  /** @param build writes the weights of one individual */
  constructor(options: CarryOptions & { build(build: Build): Promise<void> }) {
    this.#folder = options.folder;
    this.#atLeast = options.steps ?? 1;
    this.#build = options.build;
  }

  /** A build of the same bytes with as few steps as there are. */
  async shorten(build: Build): Promise<Build> {
    const { plan, genealogy } = build;
    if (genealogy === undefined || genealogy.steps.length === 0) return build;
    await this.#follow(plan, genealogy);
    const shared = sharedSteps(this.#last, genealogy);
    this.#last = genealogy.steps;
    if (shared - this.#kept.length >= this.#atLeast && !this.#full) await this.#keep(build, genealogy, shared);
    return this.#overStates(build, { ...genealogy, steps: genealogy.steps.slice(this.#kept.length) });
  }

  /** Forgets the states where they are of another evolution. */
  async #follow(plan: MergePlan, genealogy: Genealogy): Promise<void> {
    const { steps, individual: _, ...rest } = genealogy;
    const settings = JSON.stringify(rest);
    const same = this.#plan === plan && this.#settings === settings;
    if (same && sameSteps(this.#kept, steps.slice(0, this.#kept.length))) return;
    this.#plan = plan;
    this.#settings = settings;
    this.#last = [];
    this.#kept = [];
    const folders = [...this.#states.values()].map(({ folder }) => folder);
    this.#states.clear();
    await removeAll(folders);
  }

  /** Writes the individuals that the steps up to `count` have changed. */
  async #keep(build: Build, genealogy: Genealogy, count: number): Promise<void> {
    const steps = genealogy.steps.slice(this.#kept.length, count);
    const changed = [...new Set(steps.map(({ individual }) => individual))];
    const written = new Map<number, State>();
    try {
      for (const individual of changed) {
        const { plan, state } = this.#planState(build.plan, genealogy);
        written.set(individual, state);
        const own: Genealogy = { ...genealogy, steps, individual };
        await this.#build({ ...this.#overStates({ ...build, plan }, own), out: state.folder, statistics: [] });
      }
    } catch (error) {
      await removeAll([...written.values()].map(({ folder }) => folder));
      if (!(error instanceof ResourceError)) throw error;
      // Without room the steps are replayed: slower, and the same bytes.
      this.#full = true;
      return;
    }
    const replaced = changed.flatMap((individual) => this.#states.get(individual)?.folder ?? []);
    for (const [individual, state] of written) this.#states.set(individual, state);
    this.#kept = genealogy.steps.slice(0, count);
    await removeAll(replaced);
  }

  /** A plan whose result is one individual's evolving tensors, in the population's dtype. */
  #planState(plan: MergePlan, genealogy: Genealogy): { plan: MergePlan; state: State } {
    const evolving = plan.tensors
      .filter((tensor) => evolves(tensor, { genealogy, individuals: plan.models }))
      .map(({ name, shape, length, parts, parameters }) => {
        return { name, shape, length, parts, parameters, dtype: genealogy.dtype, rule: 'method' as const };
      });
    const { tensors, outputs } = layOut({ tensors: evolving, metadata: {}, shardSize: undefined });
    const placed = tensors.map(({ tensor, place }): PlannedTensor => ({ ...tensor, ...place }));
    const parts = placed.map(
      ({ name, output, offset }) => [name, { file: outputs[output]?.path ?? '', offset }] as const,
    );
    const { index: _, ...rest } = plan;
    return {
      plan: {
        ...rest,
        ...{ method: EVOLVER, parameters: {}, modelParameters: [], statistics: [], heads: [], metadata: {} },
        ...{ tensors: placed, outputs },
      },
      state: {
        folder: join(this.#folder, `individual-${this.#written++}`),
        files: outputs.map(({ path, size }) => ({ path, size })),
        parts: new Map(parts),
      },
    };
  }

  /** The build with changed individuals read from their states. */
  #overStates(build: Build, genealogy: Genealogy): Build {
    const { plan, folders } = build;
    if (this.#states.size === 0) return { ...build, genealogy };
    const states = [...this.#states].map(([individual, state], index) => ({
      ...{ individual, state },
      input: plan.inputs.length + index,
    }));
    const tensors = plan.tensors.map((tensor): PlannedTensor => {
      if (!evolves(tensor, { genealogy, individuals: plan.models })) return tensor;
      const parts = [...tensor.parts];
      for (const { individual, state, input } of states) {
        const place = state.parts.get(tensor.name);
        if (place !== undefined) parts[individual] = { input, name: tensor.name, dtype: genealogy.dtype, ...place };
      }
      return { ...tensor, parts };
    });
    const inputs = states.map(({ individual, state }) => {
      const name = `individual ${individual + 1}`;
      const bytes = state.files.reduce((sum, { size }) => sum + size, 0);
      return { role: 'model' as const, reference: name, name, files: state.files, bytes };
    });
    return {
      ...build,
      genealogy,
      plan: { ...plan, tensors, inputs: [...plan.inputs, ...inputs] },
      folders: [...folders.slice(0, plan.inputs.length), ...states.map(({ state }) => state.folder)],
    };
  }
}

/**
 * How many of the steps at the beginning are the same as before and can be taken by themselves: steps that see the same
 * population belong together.
 */
function sharedSteps(before: readonly EvolutionStep[], { steps, update }: Genealogy): number {
  let shared = 0;
  while (shared < steps.length && sameSteps(before.slice(shared, shared + 1), steps.slice(shared, shared + 1)))
    shared++;
  const divides = (count: number): boolean =>
    update === 'synchronous' && count > 0 && steps[count]?.generation === steps[count - 1]?.generation;
  while (divides(shared)) shared--;
  return shared;
}

function sameSteps(a: readonly EvolutionStep[], b: readonly EvolutionStep[]): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

async function removeAll(folders: readonly string[]): Promise<void> {
  await Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true })));
}
