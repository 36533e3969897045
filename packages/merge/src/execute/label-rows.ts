import type { Block } from '@hubfuse/plugin';
import type { PlannedTensor } from '../plan/merge-plan.ts';

/**
 * Fills a block of a head over the labels of all models: each row is the weighted mean over the models that know its
 * label. Where all of those have weight 0, they count alike. In float64, rounded once.
 */
export function averageByLabel(tensor: Pick<PlannedTensor, 'parts' | 'shape' | 'length'>, block: Block): void {
  const { parts, shape, length } = tensor;
  const rowLength = length / (shape[0] ?? 1);
  const given = block.models.map((_, model) => Number(block.parameters.models[model]?.weight ?? 1));
  for (let at = 0; at < block.length; ) {
    const row = Math.floor((block.offset + at) / rowLength);
    const end = Math.min(block.length, (row + 1) * rowLength - block.offset);
    const knowing = parts.flatMap(({ rows }, model) => (rows?.[row] === -1 ? [] : [model]));
    const sum = knowing.reduce((total, model) => total + (given[model] as number), 0);
    const shares = knowing.map((model) => (sum === 0 ? 1 / knowing.length : (given[model] as number) / sum));
    for (; at < end; at++) {
      let value = 0;
      knowing.forEach((model, i) => {
        value += (shares[i] as number) * (block.models[model]?.[at] as number);
      });
      block.out[at] = value;
    }
  }
}
