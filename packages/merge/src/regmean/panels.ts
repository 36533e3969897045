import type { LinearLayer } from '@hubfuse/plugin';

/** Output rows of a weight that are read at a time. */
const PANEL_ROWS = 256;

export function panelRows(outputs: number): number {
  return Math.min(PANEL_ROWS, outputs);
}

/** Space for a panel, once per layer. */
const panels = new WeakMap<LinearLayer, Float64Array>();

/** The space that panels are read into; what was read last is lost once it is used. */
export function panelRoom(layer: LinearLayer): Float64Array {
  const { inputs, outputs } = layer;
  const room = panels.get(layer) ?? layer.float64(panelRows(outputs) * inputs);
  panels.set(layer, room);
  return room;
}

export interface Panel {
  /** Rows of the weight, valid until the next panel is read. */
  weights: Float64Array;
  /** Rows before them. */
  from: number;
  rows: number;
}

/** Goes through a model's weight in panels of rows. */
export function* panelsOf(layer: LinearLayer, model: number): Generator<Panel> {
  const { inputs, outputs } = layer;
  const room = panelRoom(layer);
  const most = panelRows(outputs);
  for (let from = 0; from < outputs; from += most) {
    const rows = Math.min(most, outputs - from);
    const weights = room.subarray(0, rows * inputs);
    layer.readWeight(model, from, weights);
    yield { weights, from, rows };
  }
}
