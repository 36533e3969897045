import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ResourceError } from '@hubfuse/plugin';
import type { Build } from '../execute/open-builder.ts';
import type { MergePlan, PlannedTensor, TensorPart } from '../plan/merge-plan.ts';
import { evolves } from './evolving-tensors.ts';
import type { EvolutionStep, Genealogy } from './genealogy.ts';
import { planEvolving } from './individual-plan.ts';

export interface CarryOptions {
  /** Folder for the weights of changed individuals. Removed files are given back; the folder itself stays. */
  folder: string;
  /** Steps that are kept as weights at a time, at least. Default 1; more where writing is dear. */
  steps?: number | undefined;
  /**
   * Whether individuals that only one build has changed are written as well, where that build reads them more than once.
   * Default false; for a folder in memory.
   */
  ahead?: boolean | undefined;
}

/** The weights of one individual that steps have changed. */
interface State {
  folder: string;
  files: readonly { path: string; size: number }[];
  /** Where each evolving tensor lies, by its name. */
  parts: ReadonlyMap<string, Pick<TensorPart, 'file' | 'offset'>>;
}

type States = ReadonlyMap<number, State>;

/** What the last build alone has changed: the steps behind those that are kept, and what they have made. */
interface Ahead {
  steps: readonly EvolutionStep[];
  states: States;
}

/**
 * Carries an evolved population along, so that a build replays none of the steps that earlier builds have had in common. The
 * bytes are those of a full replay, since a step rounds its child to the population's dtype once and that is what is stored.
 */
export class CarriedPopulation {
  readonly #folder: string;
  readonly #atLeast: number;
  readonly #goesAhead: boolean;
  readonly #build: (build: Build) => Promise<void>;
  readonly #states = new Map<number, State>();
  /** What was built last. */
  #population = '';
  #last: readonly EvolutionStep[] = [];
  /** Steps that the last two different candidates have in common. */
  #shared = 0;
  /** The steps that the states hold. */
  #kept: readonly EvolutionStep[] = [];
  #ahead: Ahead | undefined;
  #written = 0;
  #full = false;

  /** @param build writes the weights of one individual */
  constructor(options: CarryOptions & { build(build: Build): Promise<void> }) {
    this.#folder = options.folder;
    this.#atLeast = options.steps ?? 1;
    this.#goesAhead = options.ahead ?? false;
    this.#build = options.build;
  }

  /**
   * A build of the same bytes with as few steps as there are.
   * @param options.again whether the population is read more than once
   */
  async shorten(build: Build, { again }: { again: boolean }): Promise<Build> {
    const { plan, genealogy } = build;
    if (genealogy === undefined || genealogy.steps.length === 0) return build;
    await this.#follow(plan, genealogy);
    this.#compare(genealogy);
    await this.#settleAhead(genealogy);
    if (this.#shared - this.#kept.length >= this.#atLeast) await this.#keep(build, genealogy, this.#shared);
    if (again && this.#goesAhead && this.#ahead === undefined) {
      // A candidate is a population with one more step: what comes before that one is no guess.
      await this.#keep(build, genealogy, beforeLast(genealogy));
      await this.#goAhead(build, genealogy);
    }
    const states = new Map([...this.#states, ...(this.#ahead?.states ?? [])]);
    const done = this.#kept.length + (this.#ahead?.steps.length ?? 0);
    return overStates(build, { ...genealogy, steps: genealogy.steps.slice(done) }, states);
  }

  /** Forgets the states where they are of another evolution. */
  async #follow(plan: MergePlan, genealogy: Genealogy): Promise<void> {
    const population = populationOf(plan, genealogy);
    const { steps } = genealogy;
    const same = this.#population === population;
    if (same && sameSteps(this.#kept, steps.slice(0, this.#kept.length))) return;
    this.#population = population;
    this.#last = [];
    this.#shared = 0;
    this.#kept = [];
    const states = [...this.#states.values(), ...(this.#ahead?.states.values() ?? [])];
    this.#states.clear();
    this.#ahead = undefined;
    await removeAll(states);
  }

  /** A candidate that is built twice in a row, as a merge and as an individual, says nothing about what comes after it. */
  #compare(genealogy: Genealogy): void {
    if (sameSteps(this.#last, genealogy.steps)) return;
    this.#shared = sharedSteps(this.#last, genealogy);
    this.#last = genealogy.steps;
  }

  /** What the build before this one has changed is kept where this one goes on from it, and goes where it does not. */
  async #settleAhead(genealogy: Genealogy): Promise<void> {
    const ahead = this.#ahead;
    if (ahead === undefined || sameSteps(ahead.steps, genealogy.steps.slice(this.#kept.length))) return;
    this.#ahead = undefined;
    const count = this.#kept.length + ahead.steps.length;
    if (this.#shared < count) return await removeAll([...ahead.states.values()]);
    this.#kept = genealogy.steps.slice(0, count);
    await this.#replace(ahead.states);
  }

  /** Writes the individuals that the steps up to `count` have changed. */
  async #keep(build: Build, genealogy: Genealogy, count: number): Promise<void> {
    const states = await this.#write(build, genealogy, genealogy.steps.slice(this.#kept.length, count));
    if (states === undefined) return;
    this.#kept = genealogy.steps.slice(0, Math.max(count, this.#kept.length));
    await this.#replace(states);
  }

  /** Writes the individuals that the steps behind the kept ones have changed. */
  async #goAhead(build: Build, genealogy: Genealogy): Promise<void> {
    const steps = genealogy.steps.slice(this.#kept.length);
    const states = await this.#write(build, genealogy, steps);
    if (states !== undefined) this.#ahead = { steps, states };
  }

  /** The individuals that steps behind the kept ones have changed; undefined where there is no room. */
  async #write(build: Build, genealogy: Genealogy, steps: readonly EvolutionStep[]): Promise<States | undefined> {
    if (this.#full) return undefined;
    const written = new Map<number, State>();
    try {
      for (const individual of new Set(steps.map((step) => step.individual))) {
        const plan = planEvolving(build.plan, genealogy);
        const state = stateOf(plan, join(this.#folder, `individual-${this.#written++}`));
        written.set(individual, state);
        const own: Genealogy = { ...genealogy, steps, individual };
        await this.#build({ ...overStates({ ...build, plan }, own, this.#states), out: state.folder, statistics: [] });
      }
      return written;
    } catch (error) {
      await removeAll([...written.values()]);
      if (!(error instanceof ResourceError)) throw error;
      // Without room the steps are replayed: slower, and the same bytes.
      this.#full = true;
      return undefined;
    }
  }

  async #replace(states: States): Promise<void> {
    const replaced = [...states.keys()].flatMap((individual) => this.#states.get(individual) ?? []);
    for (const [individual, state] of states) this.#states.set(individual, state);
    await removeAll(replaced);
  }
}

/** Everything but the steps that decides the weights of a population: plans of it differ in what is made of it alone. */
function populationOf(plan: MergePlan, genealogy: Genealogy): string {
  const { steps: _, individual: __, ...settings } = genealogy;
  const evolving = plan.tensors.filter((tensor) => evolves(tensor, { genealogy, individuals: plan.models }));
  const tensors = evolving.map(({ name, parts }) => [name, parts]);
  return JSON.stringify([settings, plan.inputs.map(({ name, revision, files }) => [name, revision, files]), tensors]);
}

function stateOf({ tensors, outputs }: MergePlan, folder: string): State {
  const parts = tensors.map(
    ({ name, output, offset }) => [name, { file: outputs[output]?.path ?? '', offset }] as const,
  );
  return { folder, files: outputs.map(({ path, size }) => ({ path, size })), parts: new Map(parts) };
}

/** The build with changed individuals read from their states. */
function overStates(build: Build, genealogy: Genealogy, changed: States): Build {
  const { plan, folders } = build;
  if (changed.size === 0) return { ...build, genealogy };
  const states = [...changed].map(([individual, state], index) => ({
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

/** Steps before the last one, or before those that see the same population as that one. */
function beforeLast({ steps, update }: Genealogy): number {
  const last = steps.at(-1);
  if (update === 'steady' || last === undefined) return Math.max(0, steps.length - 1);
  return steps.findIndex(({ generation }) => generation === last.generation);
}

function sameSteps(a: readonly EvolutionStep[], b: readonly EvolutionStep[]): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

async function removeAll(states: readonly State[]): Promise<void> {
  await Promise.all(states.map(({ folder }) => rm(folder, { recursive: true, force: true })));
}
