import { expect, test } from 'vitest';
import { layerDepth, parameterValue, type Setting } from './setting.ts';

const constant = (value: number): Setting & { kind: 'constant' } => ({ kind: 'constant', value });
const gradient = (...values: number[]): Setting & { kind: 'gradient' } => ({ kind: 'gradient', values });
const at = (setting: Setting, depth: number, tensorName = 'x') => parameterValue({ setting, tensorName, depth });

test('one value holds at every depth', () => {
  expect([0, 0.3, 1].map((depth) => at(constant(0.7), depth))).toEqual([0.7, 0.7, 0.7]);
});

test('a gradient has its values at equal distances and runs straight between them', () => {
  const setting = gradient(0, 1, 0.5, 0.25, 1);
  expect([0, 0.25, 0.5, 0.75, 1].map((depth) => at(setting, depth))).toEqual([0, 1, 0.5, 0.25, 1]);
  expect(at(setting, 0.125)).toBe(0.5);
  expect(at(gradient(0.9, 0.7, 0.2, 0.1), 0.5)).toBe(0.5 * 0.7 + 0.5 * 0.2);
});

test('a gradient is computed as (1 - f) a + f b in float64, as mergekit computes it', () => {
  const third = 1 / 3;
  expect(at(gradient(0.1, 0.7), third)).toBe((1 - third) * 0.1 + third * 0.7);
});

test('a gradient of one value is that value', () => {
  expect([0, 0.4, 1].map((depth) => at(gradient(0.3), depth))).toEqual([0.3, 0.3, 0.3]);
});

test('the first filter that is part of the name wins, case-sensitively', () => {
  const setting: Setting = {
    kind: 'filters',
    entries: [
      { filter: 'self_attn.q_proj', value: constant(0.2) },
      { filter: 'self_attn', value: constant(0.9) },
      { filter: 'MLP', value: constant(5) },
      { filter: 'mlp', value: gradient(0.25, 1) },
    ],
  };
  expect(at(setting, 0, 'model.layers.0.self_attn.q_proj.weight')).toBe(0.2);
  expect(at(setting, 0, 'model.layers.0.self_attn.k_proj.weight')).toBe(0.9);
  expect(at(setting, 1, 'model.layers.2.mlp.up_proj.weight')).toBe(1);
  expect(at(setting, 0, 'model.norm.weight')).toBeUndefined();
});

test('a star and a missing filter take every tensor', () => {
  for (const entry of [{ filter: '*', value: constant(0.5) }, { value: constant(0.5) }]) {
    const setting: Setting = { kind: 'filters', entries: [entry, { filter: 'mlp', value: constant(100) }] };
    expect(at(setting, 0, 'mlp')).toBe(0.5);
  }
});

test('depth runs from 0 at the first layer to 1 at the last; a lone layer is at 1, other tensors at 0', () => {
  expect([0, 1, 2].map((layer) => layerDepth({ layer, layers: 3 }))).toEqual([0, 0.5, 1]);
  expect(layerDepth({ layer: 0, layers: 1 })).toBe(1);
  expect(layerDepth({ layer: undefined, layers: 3 })).toBe(0);
});
