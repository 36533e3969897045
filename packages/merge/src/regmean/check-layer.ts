import { type LayerOutline, MergeError } from '@hubfuse/plugin';

/**
 * Whether a layer's statistics determine its weight, as far as their rows tell.
 * @returns what a reader of the plan should know
 * @throws MergeError where they cannot
 */
export function checkLayer(layer: LayerOutline, gram: 'mean' | 'sum'): string[] {
  const { tensor, inputs, parameters } = layer;
  const unknown = layer.rows.indexOf(undefined);
  if (unknown >= 0) {
    if (gram === 'mean') return [];
    throw new MergeError({
      code: 'merge/statistics-without-rows',
      where: 'parameters.gram',
      message: `gram: sum needs the number of rows behind each Gram matrix, and that of model ${unknown + 1} for ${tensor} is not stated`,
      hint: 'gather the statistics anew, or use gram: mean',
    });
  }
  const counted = layer.rows.map((rows, model) => ((parameters.models[model]?.weight as number) > 0 ? (rows ?? 0) : 0));
  const empty = layer.rows.indexOf(0);
  const total = counted.reduce((sum, rows) => sum + rows, 0);
  const few = total < inputs;
  if (empty >= 0 || (few && parameters.global.alpha === 1)) {
    const whose = empty >= 0 ? `that of model ${empty + 1} has none` : `there are ${total}`;
    throw new MergeError({
      code: 'merge/too-few-rows',
      where: tensor,
      message: `the Gram matrices need ${empty >= 0 ? 'at least one row each' : `${inputs} rows in all`}, and ${whose}`,
      hint: empty >= 0 ? 'gather it from more examples' : 'gather from more examples, or set alpha below 1',
    });
  }
  return few ? [`${total} rows for ${inputs} inputs: the solution leans on alpha`] : [];
}
