import type { LinearLayer } from '@hubfuse/plugin';
import { panelsOf } from './panels.ts';

/**
 * Inputs that are zero in everyone's data say nothing about their weights. Their equations are replaced by others
 * whose solution is the models' mean; the right side stands in `layer.out`.
 * @returns what is to be said about it
 */
export function fillUnusedInputs(layer: LinearLayer, left: Float64Array): string[] {
  const { inputs } = layer;
  const unused: number[] = [];
  for (let i = 0; i < inputs; i++) if (!((left[i * (inputs + 1)] as number) > 0)) unused.push(i);
  for (const input of unused) {
    left.fill(0, input * inputs, (input + 1) * inputs);
    for (let row = 0; row < inputs; row++) left[row * inputs + input] = 0;
    left[input * (inputs + 1)] = 1;
  }
  meanOverUnused(layer, unused);
  return unusedNote(unused, inputs);
}

/** Puts the weighted mean of the models into `layer.out` for some inputs. */
export function meanOverUnused(layer: LinearLayer, unused: readonly number[]): void {
  if (unused.length === 0) return;
  const { inputs, out, parameters } = layer;
  const weights = parameters.models.map(({ weight }) => weight as number);
  const sum = weights.reduce((total, weight) => total + weight, 0);
  for (let row = 0; row < layer.outputs; row++) for (const input of unused) out[row * inputs + input] = 0;
  weights.forEach((weight, model) => {
    if (weight === 0) return;
    for (const { weights: values, from, rows } of panelsOf(layer, model)) {
      for (let row = 0; row < rows; row++) {
        for (const input of unused) {
          const at = (from + row) * inputs + input;
          out[at] = (out[at] as number) + (weight / sum) * (values[row * inputs + input] as number);
        }
      }
    }
  });
}

export function unusedNote(unused: readonly number[], inputs: number): string[] {
  if (unused.length === 0) return [];
  return [`${unused.length} of ${inputs} inputs are zero in all data: their weights are averaged`];
}
