import { rm } from 'node:fs/promises';
import { afterAll, expect, test } from 'vitest';
import { plan, scratch, type TinyTensors, tinyRegistry, writeModel } from '../../test/tiny-models.ts';

const root = await scratch();
const registry = await tinyRegistry();
afterAll(() => rm(root, { recursive: true, force: true }));

const weight = (...shape: number[]): TinyTensors[string] => ({
  shape,
  values: new Array<number>(shape.reduce((product, size) => product * size, 1)).fill(1),
});
const merge = (...models: string[]) => plan(registry, { merge_method: 'linear', models });

test('a model without tensors is refused', async () => {
  const full = await writeModel(root, { name: 'full', tensors: { 'tiny.weight': weight(2) } });
  const empty = await writeModel(root, { name: 'empty', tensors: {} });
  await expect(merge(empty, empty)).rejects.toThrow('hold no tensors');
  await expect(merge(full, empty)).rejects.toThrow(/empty: its weight files hold no tensors.*\n.*model\.safetensors/);
});

test('models of other depths are refused, with advice that can be followed', async () => {
  const layers = (count: number): TinyTensors =>
    Object.fromEntries(Array.from({ length: count }, (_, layer) => [`tiny.layer.${layer}.weight`, weight(2)]));
  const two = await writeModel(root, { name: 'two', tensors: layers(2) });
  const three = await writeModel(root, { name: 'three', tensors: layers(3) });
  const refused = merge(two, three);
  await expect(refused).rejects.toThrow(/has 2 layers, .* has 3/);
  await expect(refused).rejects.toThrow('merge models of equal depth');
});

test('other vocabularies are refused, with advice that can be followed', async () => {
  const model = (name: string, tokens: number) =>
    writeModel(root, { name, tensors: { 'tiny.embed.weight': weight(tokens, 2) }, config: { vocab_size: tokens } });
  const refused = merge(await model('small', 4), await model('large', 5));
  await expect(refused).rejects.toThrow('has 4 tokens');
  await expect(refused).rejects.toThrow('merge fine-tunes that share one tokenizer');
});
