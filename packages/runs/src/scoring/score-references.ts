import { EvaluationError, GraphError } from '@hubfuse/plugin';
import type { ScoreRole } from '../report.ts';
import type { ScoredModel } from './score-models.ts';
import { ensembleModel } from './scored-models.ts';

/**
 * Scores what a merge is compared with: its parents, the base, and the output ensemble of the parents. A base without a
 * head, or an ensemble of models with different labels, cannot be scored: the row is left out and `onUnfit` hears why.
 * @param options.required roles whose failure is an error, because a choice depends on them
 */
export async function scoreReferences(options: {
  parents: readonly ScoredModel[];
  base?: ScoredModel | undefined;
  required?: readonly ScoreRole[];
  add: (role: ScoreRole, model: ScoredModel) => Promise<void>;
  onUnfit: (reason: { code: string; message: string }) => Promise<void> | void;
}): Promise<void> {
  const { parents, base, required = [], add, onUnfit } = options;
  const addIfFit = async (role: ScoreRole, model: ScoredModel): Promise<void> => {
    try {
      await add(role, model);
    } catch (error) {
      const unfit = error instanceof EvaluationError || error instanceof GraphError;
      if (!unfit || required.includes(role)) throw error;
      await onUnfit({ code: error.code, message: `${role} ${model.name} has no scores: ${error.summary}` });
    }
  };
  for (const parent of parents) await addIfFit('parent', parent);
  if (base !== undefined) await addIfFit('base', base);
  if (parents.length > 1) await addIfFit('ensemble', ensembleModel('ensemble', parents));
}
