import { stat } from 'node:fs/promises';
import { isAbsolute, join, resolve } from 'node:path';
import {
  type HubOptions,
  type Inspection,
  inspectModel,
  openFolder,
  openModel,
  type SourceReference,
} from '@hubfuse/hub';
import { HubError, type ModelSource, RunError, settleAll } from '@hubfuse/plugin';
import { type ModelEntry, type ModelReference, type Recipe, recipeError, sameModel } from '@hubfuse/recipe';
import { type Checkpoint, readCheckpoint } from '@hubfuse/tensors';
import type { PinnedModel, RunPlan } from '../run-plan.ts';
import { requestedRevisionOf } from './requested-revision.ts';

/** A model of the recipe whose revision is pinned and whose headers were read. */
export interface OpenedInput {
  role: 'base' | 'model';
  entry: ModelEntry;
  source: ModelSource;
  inspection: Inspection;
  checkpoint: Checkpoint;
}

/**
 * The base, then the models: the order of everything that follows. A base that is one of the models itself, as methods
 * without use for a base name the donor of config and tokenizer, is no input of its own.
 */
export function inputEntries(recipe: Recipe): { role: 'base' | 'model'; entry: ModelEntry }[] {
  const { base } = recipe;
  const models = recipe.models.map((entry) => ({ role: 'model' as const, entry }));
  if (base === undefined || recipe.models.some(({ reference }) => sameModel(reference, base.reference))) return models;
  return [{ role: 'base' as const, entry: base }, ...models];
}

/**
 * Pins every model of a recipe to a commit and reads its headers, config and card: by range, without a download.
 * @throws HubError where a model cannot be had, RecipeError where it cannot be merged (pickled, quantised, no weights).
 */
export async function openInputs(options: {
  recipe: Recipe;
  workingDirectory: string;
  hub: HubOptions;
}): Promise<OpenedInput[]> {
  const { recipe, workingDirectory, hub } = options;
  const open = async ({ role, entry }: ReturnType<typeof inputEntries>[number]): Promise<OpenedInput> => {
    const source = await openModel(absolute(entry.reference, workingDirectory), hub).catch((error: unknown) => {
      throw error instanceof HubError ? atEntry(entry, error) : error;
    });
    const inspection = await inspectModel(source);
    refuseUnfit(recipe, entry, inspection);
    return { role, entry, source, inspection, checkpoint: await readCheckpoint(source) };
  };
  const entries = inputEntries(recipe);
  // A wrong path is said at once, and of several always the first, before the Hub is waited for.
  const folders = await settleAll(
    entries.map((input) => (input.entry.reference.kind === 'hub' ? undefined : open(input))),
  );
  return await Promise.all(entries.map((input, index) => folders[index] ?? open(input)));
}

/** The same error with the place in the recipe that names the model. */
function atEntry({ path }: ModelEntry, error: HubError): HubError {
  const { code, summary, hint } = error;
  const where = error.where === undefined ? path : `${path}: ${error.where}`;
  return new HubError({ code, where, message: summary, hint, cause: error });
}

/** A reference whose folder does not depend on the working directory. */
export function absolute(reference: ModelReference, workingDirectory: string): SourceReference {
  return reference.kind === 'hub' ? reference : { ...reference, path: absolutePath(reference.path, workingDirectory) };
}

export function absolutePath(path: string, workingDirectory: string): string {
  return isAbsolute(path) ? path : resolve(workingDirectory, path);
}

function refuseUnfit(recipe: Recipe, { path }: ModelEntry, inspection: Inspection): void {
  const finding = inspection.findings.find(({ severity }) => severity === 'refuse');
  if (finding === undefined) return;
  const { code, message, hint } = finding;
  throw recipeError({ recipe, path, code, message, hint });
}

/** Opens the models of a plan again, as they were planned, and reads their headers. @throws RunError, HubError */
export async function reopenInputs(
  { recipe, models }: Pick<RunPlan, 'recipe' | 'models'>,
  hub: HubOptions,
): Promise<OpenedInput[]> {
  return await Promise.all(
    inputEntries(recipe).map(async ({ role, entry }, index) => {
      const source = await reopenModel(models[index] as PinnedModel, hub);
      return { role, entry, source, inspection: await inspectModel(source), checkpoint: await readCheckpoint(source) };
    }),
  );
}

/** What a plan keeps of an opened model. */
export async function pinModel(source: ModelSource, role: PinnedModel['role']): Promise<PinnedModel> {
  const { reference, name, kind, revision, folder } = source;
  const path = kind === 'folder' ? folder : undefined;
  const files = source.files.map(({ path: file, size, sha256 }) => ({
    path: file,
    size,
    ...(sha256 === undefined ? {} : { sha256 }),
  }));
  return {
    role,
    reference,
    name,
    kind,
    ...(revision === undefined ? {} : { revision }),
    ...requestedRevisionOf(source),
    ...(path === undefined ? {} : { path }),
    files: path === undefined ? files : await Promise.all(files.map((file) => withChangeTime(path, file))),
  };
}

async function withChangeTime<F extends { path: string }>(folder: string, file: F): Promise<F & { changedAt: number }> {
  return { ...file, changedAt: (await stat(join(folder, file.path))).mtimeMs };
}

/** @throws RunError `run/input-changed`, HubError where a folder is gone. */
export async function requireSameFolders(models: readonly PinnedModel[]): Promise<void> {
  await Promise.all(models.filter(({ kind }) => kind === 'folder').map(reopenFolder));
}

/**
 * Opens a model of a plan again: the pinned commit, or the folder, which must be as it was.
 * @throws RunError `run/input-changed`.
 */
export async function reopenModel(model: PinnedModel, hub: HubOptions): Promise<ModelSource> {
  if (model.kind === 'hub') {
    const { name: repo, revision, requestedRevision, reference } = model;
    return await openModel({ kind: 'hub', repo, revision, requestedRevision, reference }, hub);
  }
  return await reopenFolder(model);
}

async function reopenFolder(model: PinnedModel): Promise<ModelSource> {
  const source = await openFolder(model.path ?? '', model.reference);
  const now = await pinModel(source, model.role);
  const changed = model.files.find((file) => {
    const same = now.files.find(({ path }) => path === file.path);
    return same === undefined || same.size !== file.size || same.changedAt !== file.changedAt;
  });
  if (changed === undefined) return source;
  throw new RunError({
    code: 'run/input-changed',
    where: join(model.path ?? '', changed.path),
    message: 'the file changed since the run was planned',
    hint: 'start a fresh run to merge what stands there now',
  });
}
