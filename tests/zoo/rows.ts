import { join } from 'node:path';
import type { EnsembleInput, ModelInput } from '@hubfuse/evaluate';
import { mergeRow } from './merge-row.ts';
import { modelNames, type RowRecipe, type Zoo } from './zoo.ts';

/** A row that can be scored: what to score, and what to clean up after it. */
export interface RowModel {
  model: ModelInput | EnsembleInput;
  dispose?: () => Promise<void>;
}

/** Makes the models of some kind of row; undefined where the row is of another kind. */
export type RowKind = (what: RowRecipe, zoo: Zoo) => (() => Promise<RowModel>) | undefined;

const modelRow: RowKind = ({ model }, zoo) =>
  model === undefined ? undefined : async () => ({ model: { folder: join(zoo.folder, model) } });

const ensembleRow: RowKind = (what, zoo) =>
  what.ensemble === 'mean'
    ? async () => ({ model: { ensemble: modelNames(what).map((model) => ({ folder: join(zoo.folder, model) })) } })
    : undefined;

/** Every kind of row that can be scored. */
export const ROW_KINDS: readonly RowKind[] = [modelRow, ensembleRow, mergeRow];

/** What a row that no kind takes waits for. */
export function pendingName(what: RowRecipe): string {
  return what.merge_method ?? (what.ensemble === undefined ? 'unknown' : `ensemble ${what.ensemble}`);
}
