import { EvaluationError, GraphError } from '@hubfuse/plugin';
import type { ScoreRole, ScoreRow } from '../report.ts';
import type { ScoredModel } from './score-models.ts';
import { ensembleModel } from './scored-models.ts';

/**
 * Scores what a merge is compared with: its parents, the base, and the output ensemble of the parents, by the mean of
 * their logits and by majority. A base without a head cannot be scored: the row is left out and `onUnfit` hears why. The
 * ensemble comes first, because its members are scored by the same runs of the models.
 * @param options.required roles whose failure is an error, because a choice depends on them
 * @returns rows of parents, base and ensembles, in this order
 */
export async function scoreReferences(options: {
  parents: readonly ScoredModel[];
  base?: ScoredModel | undefined;
  required?: readonly ScoreRole[];
  score: (role: ScoreRole, model: ScoredModel) => Promise<ScoreRow>;
  onUnfit: (reason: { code: string; message: string }) => Promise<void> | void;
}): Promise<ScoreRow[]> {
  const { parents, base, required = [], score, onUnfit } = options;
  const scoreIfFit = async (role: ScoreRole, model: ScoredModel): Promise<ScoreRow[]> => {
    try {
      return [await score(role, model)];
    } catch (error) {
      const unfit = error instanceof EvaluationError || error instanceof GraphError;
      if (!unfit || required.includes(role)) throw error;
      await onUnfit({ code: error.code, message: `${role} ${model.name} has no scores: ${error.summary}` });
      return [];
    }
  };
  const together = ensembleModel('ensemble', parents);
  const ensemble = parents.length > 1 ? await scoreIfFit('ensemble', together) : [];
  if (together.majority !== undefined && ensemble.length > 0) {
    ensemble.push(...(await scoreIfFit('ensemble', together.majority)));
  }
  const rows: ScoreRow[] = [];
  for (const parent of parents) rows.push(...(await scoreIfFit('parent', parent)));
  if (base !== undefined) rows.push(...(await scoreIfFit('base', base)));
  return [...rows, ...ensemble];
}
