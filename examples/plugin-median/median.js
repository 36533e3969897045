/**
 * A merge method as a plugin: the default export of one file.
 * @type {import('@hubfuse/plugin').MergeMethod}
 */
export default {
  kind: 'method',
  name: 'median',
  title: 'Coordinate-wise median',
  description:
    'Adds the median of the task vectors, element by element, to the base: one odd model cannot pull it away.',
  formula: [
    'With the base $b$ and the models $x_1, \\dots, x_n$, for every element $i$',
    '',
    '$$ y_i = b_i + \\lambda \\cdot \\operatorname{median}(x_{1,i} - b_i, \\dots, x_{n,i} - b_i) $$',
    '',
    'For an even number of models the median is the mean of the two values in the middle.',
  ].join('\n'),
  sources: ['Yin et al. 2018, Byzantine-Robust Distributed Learning (arXiv:1803.01498), Definition 1'],
  base: 'required',
  models: { minimum: 2 },
  parameters: {
    lambda: {
      type: 'number',
      description: 'factor of the merged task vector',
      level: 'global',
      perTensor: 'always',
      default: 1,
    },
  },
  program: () => ({ scope: 'tensor', sweeps: [], write }),
};

/** @param {import('@hubfuse/plugin').Block} block */
function write({ base, models, out, parameters }) {
  const lambda = Number(parameters.global.lambda);
  const column = new Float32Array(models.length);
  for (let i = 0; i < out.length; i++) {
    const origin = base[i] ?? 0;
    for (let m = 0; m < models.length; m++) column[m] = (models[m]?.[i] ?? 0) - origin;
    column.sort();
    out[i] = origin + lambda * medianOfSorted(column);
  }
}

/** @param {Float32Array} values */
function medianOfSorted(values) {
  const upper = values.length >> 1;
  const middle = values[upper] ?? 0;
  return values.length % 2 === 1 ? middle : ((values[upper - 1] ?? 0) + middle) / 2;
}
