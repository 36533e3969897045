import { createHash } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { HubOptions, ManifestStatistics } from '@hubfuse/hub';
import {
  type Build,
  type EvolutionStep,
  type Genealogy,
  lineageOf,
  type MergeInput,
  type MergePlan,
  planIndividual,
  planMerge,
} from '@hubfuse/merge';
import { type ModelStatistics, type Registry, RunError, type StatisticRequest } from '@hubfuse/plugin';
import type { Calibration } from '@hubfuse/recipe';
import { type GatheringLimits, openMeasuredModel, readStatistics } from '@hubfuse/statistics';
import { sha256OfFile } from '@hubfuse/tensors';
import { writeDonorFiles } from '../donor-files.ts';
import type { PinnedModel, RunPlan } from '../run-plan.ts';
import { bringCalibration } from '../statistics/bring-statistics.ts';
import { gatherModel } from '../statistics/gather-model.ts';
import { fileSource } from '../statistics/open-statistics.ts';
import { manifestCalibration } from '../statistics/pinned-calibrations.ts';
import type { PlannedGathering, PlannedModelStatistics } from '../statistics/statistics-plan.ts';
import { localMergeInput } from './local-merge-inputs.ts';

/** The merge of an evolved population over statistics of its individuals as they are. */
export interface RefreshedMerge {
  plan: MergePlan;
  /** Folder of each statistics file, in the order of `plan.statistics`. */
  folders: readonly string[];
  /** For the manifest: what was gathered anew, by the place of the model. */
  gathered: ReadonlyMap<number, ManifestStatistics>;
}

/** Writes the weights of one individual. */
export type BuildIndividual = (build: Build) => Promise<void>;

export interface RefreshOptions {
  plan: Pick<RunPlan, 'recipe' | 'models' | 'merge'>;
  /** What the plan says of each model's statistics. */
  planned: readonly PlannedModelStatistics[];
  /** Folder of each model of the plan. */
  folders: readonly string[];
  /** Of the original models, in their order, and the folder of each file. */
  statistics: readonly ModelStatistics[];
  statisticsFolders: readonly string[];
  /** Folder for what is gathered; the caller removes it. */
  scratch: string;
  shardSize?: number | undefined;
  registry: Registry;
  hub: HubOptions;
  limits: GatheringLimits;
  signal?: AbortSignal | undefined;
}

/** One model of the population, with all that it takes to measure its descendants. */
interface Measured {
  model: PinnedModel;
  folder: string;
  input: MergeInput;
  request: StatisticRequest;
  calibration: Calibration;
  gather: PlannedGathering;
}

/** A file that was gathered from a changed individual. */
interface Gathered {
  statistics: ModelStatistics;
  folder: string;
  used: ManifestStatistics;
}

/**
 * Gathers the statistics of individuals that evolution has changed, each on the data of the model that it descends from. What was
 * gathered for an individual is kept while it may be needed: as long as it is one of the population.
 */
export class RefreshedStatistics {
  readonly #options: RefreshOptions;
  readonly #base: MergeInput | undefined;
  readonly #models: readonly Measured[];
  readonly #gathered = new Map<string, Gathered>();

  private constructor(parts: { options: RefreshOptions; base: MergeInput | undefined; models: readonly Measured[] }) {
    this.#options = parts.options;
    this.#base = parts.base;
    this.#models = parts.models;
  }

  /** @throws RunError `run/no-calibration` */
  static async open(options: RefreshOptions): Promise<RefreshedStatistics> {
    const { plan, planned, folders } = options;
    const placed = plan.models.map((model, index) => ({ model, folder: folders[index] ?? '' }));
    const base = placed.find(({ model }) => model.role === 'base');
    const models: Measured[] = [];
    for (const [index, { model, folder }] of placed.filter(({ model }) => model.role === 'model').entries()) {
      const { calibration } = plan.recipe.models[index] ?? {};
      const { refresh: gather, request } = planned[index] ?? {};
      if (calibration === undefined || gather === undefined || request === undefined) throw noData(model);
      models.push({ model, folder, input: await localMergeInput(model, folder), request, calibration, gather });
    }
    return new RefreshedStatistics({
      options,
      base: base && (await localMergeInput(base.model, base.folder)),
      models,
    });
  }

  /**
   * Gathers what is missing and plans the merge with it. One population at a time.
   * @throws StatisticsError `statistics/not-finite` where an individual overflows
   * @throws RunError `run/input-changed` where the data is gone, or is not what was planned with
   */
  async merge(genealogy: Genealogy, build: BuildIndividual): Promise<RefreshedMerge> {
    const { plan, statistics, statisticsFolders, registry, shardSize } = this.#options;
    await this.#forgetOthers(genealogy);
    const all: { statistics: ModelStatistics | undefined; folder: string }[] = [];
    const gathered = new Map<number, ManifestStatistics>();
    for (const index of this.#models.keys()) {
      const found = await this.#one(genealogy, index, build);
      if (found !== undefined) gathered.set(index, found.used);
      all.push(found ?? { statistics: statistics[index], folder: statisticsFolders[index] ?? '' });
    }
    const planned = planMerge({
      recipe: plan.recipe,
      ...(this.#base === undefined ? {} : { base: this.#base }),
      models: this.#models.map(({ input }, index) => ({ ...input, statistics: all[index]?.statistics })),
      registry,
      shardSize,
    });
    return { plan: planned, folders: all.map(({ folder }) => folder), gathered };
  }

  /** The statistics of one individual; undefined where no step has changed it. */
  async #one(genealogy: Genealogy, index: number, build: BuildIndividual): Promise<Gathered | undefined> {
    const key = this.#keyOf(genealogy, index);
    if (key === undefined) return undefined;
    const known = this.#gathered.get(key);
    if (known !== undefined) return known;
    const { model, request, calibration, gather } = this.#models[index] as Measured;
    const { registry, limits, signal, scratch, hub } = this.#options;
    const path = join(scratch, 'statistics', `${key}.safetensors`);
    const individual = join(scratch, 'individual');
    try {
      const file = await bringCalibration(gather.data, hub);
      const rows = { calibration, gather, file, sha256: await sha256OfFile(file, signal) };
      await this.#write(genealogy, { index, build, out: individual });
      const name = `${model.name} (evolved)`;
      const measured = await openMeasuredModel({ folder: individual, name, registry, signal });
      const sha256 = await gatherModel({ ...measured, request, rows, path, limits, signal });
      // The reference is part of the plan, which must be the same wherever the file lies.
      const source = { ...(await fileSource(path, `refreshed/${key}`)), name };
      const statistics = await readStatistics({ source, path: basename(path), request });
      const { dataset, examples } = statistics.provenance ?? {};
      const used = {
        ...{ model: model.name, ...request, sha256, file: basename(path), refreshed: true as const },
        calibration: manifestCalibration(gather.data),
        ...(dataset === undefined || examples === undefined ? {} : { dataset, examples }),
      };
      const found = { statistics, folder: dirname(path), used };
      this.#gathered.set(key, found);
      return found;
    } finally {
      await rm(individual, { recursive: true, force: true });
    }
  }

  /** Writes an individual as a model that can be measured: its weights, with the tokenizer of the model that it was. */
  async #write(
    genealogy: Genealogy,
    { index, build, out }: { index: number; build: BuildIndividual; out: string },
  ): Promise<void> {
    const { plan, folders } = this.#options;
    const { model, folder, input } = this.#models[index] as Measured;
    const { merge } = plan;
    const individual = planIndividual({
      ...{ plan: merge, genealogy, individual: index },
      stored: input.checkpoint.tensors.values(),
    });
    await build({
      plan: individual,
      folders: folders.slice(0, merge.inputs.length),
      genealogy: { ...genealogy, individual: index },
      again: true,
      out,
    });
    // Rows of a head that stand in the donor's order have the donor's labels.
    const isReordered = individual.tensors.some(
      ({ rule, parts }) => rule === 'method' && parts[index]?.rows !== undefined,
    );
    const changes = { ...untied(merge), ...(isReordered ? await labelsOf(folders[merge.donor] ?? '') : {}) };
    await writeDonorFiles({ donor: folder, files: model.files.map(({ path }) => path), out, changes });
  }

  /** A word for all that decides an individual's weights; undefined where it is an original. */
  #keyOf(genealogy: Genealogy, individual: number): string | undefined {
    const { steps: _, individual: __, ...settings } = genealogy;
    const { groups } = lineageOf({ ...genealogy, individual }, this.#models.length);
    if (groups.length === 0) return undefined;
    const facts = [settings, groups, individual];
    return createHash('sha256').update(JSON.stringify(facts)).digest('hex').slice(0, 32);
  }

  /** Only what this population or the one before its last step has can be needed again. */
  async #forgetOthers(genealogy: Genealogy): Promise<void> {
    const needed = new Set<string | undefined>();
    for (const steps of [genealogy.steps, genealogy.steps.slice(0, -1)] satisfies (readonly EvolutionStep[])[]) {
      for (const index of this.#models.keys()) needed.add(this.#keyOf({ ...genealogy, steps }, index));
    }
    for (const [key, { folder }] of this.#gathered) {
      if (needed.has(key)) continue;
      this.#gathered.delete(key);
      await rm(join(folder, `${key}.safetensors`), { force: true });
    }
  }
}

/** A merge that unties a head from its embeddings merges individuals that are untied. */
function untied({ config }: MergePlan): Readonly<Record<string, unknown>> {
  return config.tie_word_embeddings === undefined ? {} : { tie_word_embeddings: config.tie_word_embeddings };
}

async function labelsOf(folder: string): Promise<Readonly<Record<string, unknown>>> {
  const config = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8')) as { id2label?: object };
  const labels = Object.entries(config.id2label ?? {});
  return {
    id2label: Object.fromEntries(labels),
    label2id: Object.fromEntries(labels.map(([row, label]) => [label, Number(row)])),
  };
}

function noData({ name }: PinnedModel): RunError {
  return new RunError({
    code: 'run/no-calibration',
    where: name,
    message: 'its statistics are to be gathered anew, and nothing says on which data',
    hint: 'give the model a `calibration` in the recipe, and start a fresh run',
  });
}
