import { layerDepth } from '@hubfuse/recipe';

/** Position of a tensor in its stack of layers. */
interface Layer {
  /** What stands before the layer's number: stacks with different prefixes are counted apart (encoder, decoder). */
  stack: string;
  number: number;
}

/** A layer's number is the first part of a name that is a number. */
function layerOf(name: string): Layer | undefined {
  const match = /^(.*?)\.?(?<=^|\.)(\d+)\./.exec(name);
  return match === null ? undefined : { stack: match[1] as string, number: Number(match[2]) };
}

/** Number of layers of each stack. */
export function layerCounts(names: Iterable<string>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) {
    const layer = layerOf(name);
    if (layer !== undefined) counts.set(layer.stack, Math.max(counts.get(layer.stack) ?? 0, layer.number + 1));
  }
  return counts;
}

/** Layer of a tensor, and its depth in [0, 1] on a gradient (see `layerDepth`). */
export function placeOf(
  name: string,
  counts: ReadonlyMap<string, number>,
): { layer: number | undefined; depth: number } {
  const layer = layerOf(name);
  return {
    layer: layer?.number,
    depth: layerDepth({ layer: layer?.number, layers: counts.get(layer?.stack ?? '') ?? 0 }),
  };
}
