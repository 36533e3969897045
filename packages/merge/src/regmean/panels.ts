import type { LinearLayer } from '@hubfuse/plugin';

/** Output rows of a weight that are read at a time. */
const PANEL_ROWS = 256;

export function panelRows(outputs: number): number {
  return Math.min(PANEL_ROWS, outputs);
}

/** Space for a panel, once per layer. */
const panels = new WeakMap<LinearLayer, Float64Array>();

/** Goes through a model's weight in panels of rows. `weights` is valid until the next. */
export function forEachPanel(
  layer: LinearLayer,
  model: number,
  visit: (weights: Float64Array, from: number, rows: number) => void,
): void {
  const { inputs, outputs } = layer;
  const most = panelRows(outputs);
  const panel = panels.get(layer) ?? layer.float64(most * inputs);
  panels.set(layer, panel);
  for (let from = 0; from < outputs; from += most) {
    const rows = Math.min(most, outputs - from);
    const weights = panel.subarray(0, rows * inputs);
    layer.readWeight(model, from, weights);
    visit(weights, from, rows);
  }
}
