import { join } from 'node:path';
import type { SearchState } from '@hubfuse/evolve';
import { type HubOptions, MANIFEST_FILE, type Manifest, openModel, parseManifest } from '@hubfuse/hub';
import { divideMemory, executeMerge, type Genealogy, type MergeProgress } from '@hubfuse/merge';
import { type ModelSource, type Registry, RunError } from '@hubfuse/plugin';
import { type ModelEntry, type ModelReference, parseRecipe, type Recipe } from '@hubfuse/recipe';
import { sha256OfFile } from '@hubfuse/tensors';
import { buildModel } from './build-model.ts';
import { fetchInputs } from './fetch-inputs.ts';
import type { MergingOptions } from './merging-options.ts';
import { planMergeOf } from './resolve/make-plan.ts';
import { absolute, absolutePath, inputEntries, openInputs, pinModel } from './resolve/open-inputs.ts';
import { sha256 } from './resolve/pin-data.ts';
import { withScratchFolder } from './scratch-folder.ts';
import { refreshLimits } from './search/refresh-limits.ts';
import { type RefreshedMerge, RefreshedStatistics, type RefreshOptions } from './search/refreshed-statistics.ts';
import { replaySearch } from './search/replay-search.ts';
import { DECISIONS_FILE, parseDecisions } from './search/search-files.ts';
import { bringAllStatistics } from './statistics/bring-all.ts';
import type { LocalStatistics } from './statistics/bring-statistics.ts';
import { withPinnedCalibrations } from './statistics/pinned-calibrations.ts';
import { planStatistics, type StatisticsPlan } from './statistics/plan-statistics.ts';

export interface ReproduceOptions extends MergingOptions {
  /** The published model: a Hub reference or a folder. */
  reference: ModelReference;
  onProgress?: ((progress: MergeProgress) => void) | undefined;
}

/** One weight file: as the record says, as it stands there, and as it came out again. */
export interface ReproducedFile {
  path: string;
  /** SHA-256 that the manifest states; undefined where the manifest has no such file. */
  recorded?: string;
  /** SHA-256 of the published file; undefined where there is none. */
  published?: string;
  /** SHA-256 of this merge; undefined where it wrote no such file. */
  merged?: string;
  same: boolean;
}

export interface Reproduction {
  /** Hub id or folder. */
  name: string;
  /** Commit of the published model. */
  revision?: string;
  /** What says how it was made. */
  manifest: Manifest;
  files: readonly ReproducedFile[];
  /** Whether every weight file is what the record says, and came out with the same bytes. */
  same: boolean;
}

/**
 * Merges a published model again from what its manifest says, at the commits that it was made from, and compares the
 * SHA-256 of every weight file with what the manifest says and with what stands there. Where the merge was searched for, the decisions of then are replayed; nothing is scored.
 * @throws RunError `run/no-manifest` where hubfuse did not make it, `run/input-changed` where a local input is not what
 * it was; whatever opening and merging throw.
 */
export async function reproduce(options: ReproduceOptions): Promise<Reproduction> {
  const { registry, workspace, workers, memory, signal, onProgress, workingDirectory = process.cwd() } = options;
  const hub = { ...options.hub, signal };
  const source = await openModel(absolute(options.reference, workingDirectory), hub);
  const manifest = await readManifest(source);
  const pinned = pinnedRecipe({ manifest, registry, hub, workingDirectory });
  const recipe = await withPinnedCalibrations(pinned, { manifest, workingDirectory, signal });
  const inputs = await openInputs({ recipe, workingDirectory, hub });
  const models = await Promise.all(inputs.map(({ source: input, role }) => pinModel(input, role)));
  const { shardSize } = manifest.settings;
  const size = typeof shardSize === 'number' ? { shardSize } : {};
  const settings = { recipe, inputs, registry, ...size };
  const planned = await planStatistics(inputs, { recipe, workingDirectory, hub, registry });
  const expected = planMergeOf({ ...settings, statistics: planned?.statistics });
  divideMemory({ plan: expected, workers, memory });
  const { folders } = await fetchInputs({ plan: { models, data: [] }, hub });
  await checkFolders(manifest, folders);
  const statistics = await bringAllStatistics({
    planned: planned?.planned.filter((one) => one !== undefined) ?? [],
    ...{ inputs, folders, workspace, hub, registry, workers, memory, signal },
  });
  const plan = planned === undefined ? expected : planMergeOf({ ...settings, statistics });
  const decisions = await readDecisions(source, manifest, recipe);
  const found =
    decisions === undefined
      ? undefined
      : await replaySearch({
          plan: { recipe, merge: plan, models },
          ...{ folders, statistics, registry, ...size, decisions, signal },
        });
  return await withScratchFolder(workspace, async (scratch) => {
    const merging = { registry, workers, memory, signal };
    const genealogy = found?.genealogy;
    const refreshed =
      genealogy === undefined || recipe.evolve?.refresh === undefined
        ? undefined
        : await refreshedMerge({
            ...{ plan: { recipe, merge: plan, models }, planned: planned?.planned ?? [], folders, statistics },
            ...{ scratch, hub, genealogy, merging, ...size },
          });
    const built = await buildModel({
      ...{ plan: found?.merge ?? refreshed?.plan ?? plan, genealogy, models, folders, out: join(scratch, 'model') },
      statistics: refreshed?.folders ?? statistics.map((one) => one.folder),
      ...{ ...merging, onProgress },
    });
    const files = await compare({ source, manifest, built, signal });
    return {
      name: source.name,
      ...(source.revision === undefined ? {} : { revision: source.revision }),
      manifest,
      files,
      same: files.every(({ same }) => same),
    };
  });
}

/** The merge over statistics of the evolved models, which are gathered again. */
async function refreshedMerge(
  options: Pick<RefreshOptions, 'plan' | 'folders' | 'scratch' | 'hub' | 'shardSize'> & {
    planned: StatisticsPlan['planned'];
    statistics: readonly LocalStatistics[];
    genealogy: Genealogy;
    merging: Pick<MergingOptions, 'registry' | 'workers' | 'memory' | 'signal'>;
  },
): Promise<RefreshedMerge> {
  const { planned, statistics, genealogy, merging, ...rest } = options;
  const { registry, workers, memory, signal } = merging;
  const refreshed = await RefreshedStatistics.open({
    ...{ ...rest, statistics, registry, signal },
    planned: planned.filter((one) => one !== undefined),
    statisticsFolders: statistics.map(({ folder }) => folder),
    limits: refreshLimits({ workers, memory }),
  });
  return await refreshed.merge(genealogy, async (build) => {
    await executeMerge({ ...build, ...merging });
  });
}

async function readManifest(source: ModelSource): Promise<Manifest> {
  if (!source.files.some(({ path }) => path === MANIFEST_FILE)) {
    throw new RunError({
      code: 'run/no-manifest',
      where: source.name,
      message: `there is no ${MANIFEST_FILE}, so nothing says how the model was made`,
      hint: 'only models that hubfuse published can be reproduced',
    });
  }
  const text = new TextDecoder().decode(await source.read(MANIFEST_FILE));
  return parseManifest(text, `${source.name}/${MANIFEST_FILE}`);
}

/**
 * What the search of a model had decided; undefined where it was not searched for.
 * @throws RunError `run/bad-decisions`, `run/input-changed`.
 */
async function readDecisions(
  source: ModelSource,
  manifest: Manifest,
  recipe: Recipe,
): Promise<SearchState | undefined> {
  if (recipe.evolve === undefined && recipe.search === undefined) return undefined;
  const where = `${source.name}/${DECISIONS_FILE}`;
  const listed = manifest.outputs.find(({ path }) => path === DECISIONS_FILE);
  const bytes = listed === undefined ? new Uint8Array() : await source.read(DECISIONS_FILE);
  if (listed !== undefined && sha256(bytes) === listed.sha256) {
    return parseDecisions(new TextDecoder().decode(bytes), where);
  }
  throw new RunError({
    code: 'run/bad-decisions',
    where,
    message:
      listed === undefined ? 'there is no record of what the search decided' : 'the file is not what was published',
    hint: 'without it the model cannot be built again; search anew with `hubfuse evolve`',
  });
}

/** The recipe of a manifest with every model at the commit that it was merged from. */
function pinnedRecipe(options: {
  manifest: Manifest;
  registry: Registry;
  hub: HubOptions;
  workingDirectory: string;
}): Recipe {
  const { manifest, registry, hub, workingDirectory } = options;
  // Which references were folders when the model was made, the manifest says, not the disk of today.
  const folders = new Set(manifest.inputs.filter(({ kind }) => kind === 'folder').map(({ reference }) => reference));
  const recipe = parseRecipe(manifest.recipe, {
    registry,
    file: MANIFEST_FILE,
    hub: hub.hubUrl,
    isFolder: (path) => folders.has(path),
  });
  const { seed } = manifest.settings;
  const entries = inputEntries(recipe).map(({ entry }) => entry);
  const pin = (entry: ModelEntry): ModelEntry => {
    const input = manifest.inputs[entries.indexOf(entry)];
    if (input === undefined) throw inconsistent(entry.text);
    const { reference, kind, name, revision } = input;
    if (kind === 'hub') return { ...entry, reference: { kind, repo: name, revision, reference } };
    const { path } = entry.reference.kind === 'folder' ? entry.reference : { path: reference };
    return { ...entry, reference: { kind, path: absolutePath(path, workingDirectory), reference } };
  };
  const base = recipe.base;
  const separate = base !== undefined && entries.includes(base);
  return {
    ...recipe,
    ...(typeof seed === 'number' ? { seed } : {}),
    ...(separate ? { base: pin(base) } : {}),
    models: recipe.models.map(pin),
  };
}

function inconsistent(model: string): RunError {
  return new RunError({
    code: 'run/bad-manifest',
    where: MANIFEST_FILE,
    message: `the manifest does not say which commit of "${model}" was merged`,
  });
}

/** Local inputs have no commit: their files must have the checksums of then. */
async function checkFolders(manifest: Manifest, folders: readonly string[]): Promise<void> {
  for (const [index, { sha256, name }] of manifest.inputs.entries()) {
    for (const [path, expected] of Object.entries(sha256 ?? {})) {
      const actual = await sha256OfFile(join(folders[index] ?? '', path)).catch(() => undefined);
      if (actual === expected) continue;
      throw new RunError({
        code: 'run/input-changed',
        where: join(name, path),
        message:
          actual === undefined
            ? 'the file is gone since the model was made'
            : 'the file changed since the model was made',
        hint: 'the merge can only be reproduced from the same inputs',
      });
    }
  }
}

async function compare(options: {
  source: ModelSource;
  manifest: Manifest;
  built: readonly { path: string; sha256: string }[];
  signal: AbortSignal | undefined;
}): Promise<ReproducedFile[]> {
  const { source, manifest, built, signal } = options;
  const isWeights = ({ path }: { path: string }) => path.endsWith('.safetensors');
  const recorded = new Map(manifest.outputs.filter(isWeights).map(({ path, sha256 }) => [path, sha256]));
  const merged = new Map(built.filter(isWeights).map(({ path, sha256 }) => [path, sha256]));
  const files: ReproducedFile[] = [];
  for (const path of [...new Set([...recorded.keys(), ...merged.keys()])].sort()) {
    signal?.throwIfAborted();
    const [before, now] = [recorded.get(path), merged.get(path)];
    const published = await publishedSha256(source, path);
    files.push({
      path,
      ...(before === undefined ? {} : { recorded: before }),
      ...(published === undefined ? {} : { published }),
      ...(now === undefined ? {} : { merged: now }),
      same: before !== undefined && before === now && before === published,
    });
  }
  return files;
}

/** What the Hub states of a large file; any other is read. */
async function publishedSha256(source: ModelSource, path: string): Promise<string | undefined> {
  const file = source.files.find((one) => one.path === path);
  if (file === undefined) return undefined;
  if (source.folder !== undefined) return await sha256OfFile(join(source.folder, path));
  return file.sha256 ?? sha256(await source.read(path));
}
