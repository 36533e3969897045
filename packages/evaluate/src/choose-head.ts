import { EvaluationError } from '@hubfuse/plugin';
import type { Dataset } from './dataset.ts';
import { datasetLabels } from './labels.ts';
import type { PreparedModel } from './prepare-model.ts';

/**
 * The head of a model that answers a dataset: the only one, the one that the dataset names, or the one whose labels
 * cover the dataset's own. A head is named as its file or as the model that it comes from.
 * @throws EvaluationError where none or several do.
 */
export function chooseHead(heads: readonly PreparedModel[], dataset: Dataset): PreparedModel {
  const [first, ...others] = heads;
  if (first !== undefined && others.length === 0) return first;
  const names = heads.map(({ head }) => head ?? '').join(', ');
  const fail = (code: string, message: string): never => {
    throw new EvaluationError({
      code,
      where: dataset.where,
      message,
      hint: `name one with "head:" of the dataset; ${first?.name ?? 'the model'} has ${names}`,
    });
  };
  if (dataset.head !== undefined) {
    const named = heads.find(({ head, headModel }) => head === dataset.head || headModel === dataset.head);
    return named ?? fail('evaluate/unknown-head', `there is no head "${dataset.head}" for "${dataset.name}"`);
  }
  const labels = [...datasetLabels(dataset)];
  const covering = heads.filter((head) => labels.every((label) => head.labels.includes(String(label))));
  const [only, ...more] = covering;
  if (only === undefined) return fail('evaluate/no-head-covers', `no head knows all labels of "${dataset.name}"`);
  if (more.length > 0) return fail('evaluate/ambiguous-head', `several heads know all labels of "${dataset.name}"`);
  return only;
}
