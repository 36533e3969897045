import type { LinearLayer, LinearReport } from '@hubfuse/plugin';
import { panelsOf } from './panels.ts';
import { meanOverUnused, unusedNote } from './unused-inputs.ts';

/** alpha = 0: every input's weights are averaged by its own second moments; there is nothing to solve. */
export function meanByDiagonals(layer: LinearLayer, coefficients: readonly number[]): LinearReport {
  const { inputs, out } = layer;
  const gram = layer.float64(inputs * inputs);
  const total = new Float64Array(inputs);
  const diagonals = coefficients.map((coefficient, model) => {
    if (coefficient === 0) return new Float64Array(inputs);
    layer.readGram(model, gram);
    return Float64Array.from({ length: inputs }, (_, i) => coefficient * (gram[i * (inputs + 1)] as number));
  });
  for (const diagonal of diagonals) {
    for (let i = 0; i < inputs; i++) total[i] = (total[i] as number) + (diagonal[i] as number);
  }
  out.fill(0);
  diagonals.forEach((diagonal, model) => {
    if (coefficients[model] === 0) return;
    for (const { weights, from } of panelsOf(layer, model)) {
      for (let i = 0; i < weights.length; i++) {
        const at = from * inputs + i;
        out[at] = (out[at] as number) + (diagonal[i % inputs] as number) * (weights[i] as number);
      }
    }
  });
  for (let i = 0; i < out.length; i++) out[i] = (out[i] as number) / (total[i % inputs] as number);
  const unused = [...total.keys()].filter((i) => !((total[i] as number) > 0));
  meanOverUnused(layer, unused);
  return { residual: 0, notes: unusedNote(unused, inputs) };
}
