import { expect, test } from 'vitest';
import { randomNumbers } from '../test/mutations.ts';
import { evaluateGate } from './evaluate-gate.ts';
import { parseGate } from './parse-gate.ts';
import { parseModelReference } from './reference.ts';
import { type FilteredSetting, parameterValue, type Setting } from './setting.ts';

const random = randomNumbers(20_26);
const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)] as Item;
const times = <Item>(most: number, make: () => Item): Item[] =>
  Array.from({ length: 1 + Math.floor(random() * most) }, make);

test('a random gate decides as the same condition of the language does', () => {
  const scores = { mean: 0.5, base: 0.25, average: 0.75, best_parent: 0.5, money: 0, 'my-data': 1 };
  const number = (depth: number): [gate: string, value: number] => {
    const choice = depth <= 0 ? random() * 2 : random() * 4;
    if (choice < 1) {
      const name = pick(Object.keys(scores) as (keyof typeof scores)[]);
      return [name === 'my-data' ? '"my-data"' : name, scores[name]];
    }
    if (choice < 2) {
      const value = Math.floor(random() * 8) / 8;
      return random() < 0.5 ? [`${value}`, value] : [`${value * 100}%`, value];
    }
    const [a, left] = number(depth - 1);
    const [b, right] = number(depth - 1);
    if (choice < 3) return [`${a} + (${b})`, left + right];
    return random() < 0.5 ? [`${a} - (${b})`, left - right] : [`-(${a})`, -left];
  };
  const condition = (depth: number): [gate: string, met: boolean] => {
    const choice = depth <= 0 ? 0 : random() * 4;
    if (choice < 1) {
      const [a, left] = number(2);
      const [b, right] = number(2);
      const operator = pick(['>', '>=', '<', '<='] as const);
      const met = { '>': left > right, '>=': left >= right, '<': left < right, '<=': left <= right }[operator];
      return [`${a} ${operator} ${b}`, met];
    }
    const [a, left] = condition(depth - 1);
    const [b, right] = condition(depth - 1);
    if (choice < 2) return [`(${a}) and (${b})`, left && right];
    return choice < 3 ? [`(${a}) or (${b})`, left || right] : [`not (${a})`, !left];
  };
  for (let round = 0; round < 500; round++) {
    const [text, met] = condition(4);
    if (text.length > 2000) continue;
    expect(evaluateGate(parseGate(text, ['money', 'my-data']), scores).met, text).toBe(met);
  }
});

test('and binds closer than or, not closer than both, without parentheses', () => {
  const truth = ['0 < 1', '1 < 0'];
  for (const a of truth) {
    for (const b of truth) {
      for (const c of truth) {
        const [x, y, z] = [a, b, c].map((text) => text === truth[0]);
        const met = (text: string) => evaluateGate(parseGate(text, []), {}).met;
        expect(met(`${a} or ${b} and ${c}`)).toBe(x || (y && z));
        expect(met(`${a} and ${b} or ${c}`)).toBe((x && y) || z);
        expect(met(`not ${a} and ${b} or not ${c}`)).toBe((!x && y) || !z);
      }
    }
  }
});

test('every written form of a random model means the same model', () => {
  const letters = 'abcXYZ019_';
  const word = () => times(12, () => pick([...letters])).join('') + pick(['', '.5', '-b', 'x']);
  const hub = 'http://127.0.0.1:9999/hub';
  const options = { isFolder: () => false, hub };
  for (let round = 0; round < 500; round++) {
    const id = random() < 0.2 ? word() : `${word()}/${word()}`;
    const revision = pick(['main', 'v1.0', 'refs/pr/12', 'feature/a+b', '0123456789abcdef'.repeat(2), word()]);
    const encoded = encodeURIComponent(revision);
    const wanted = { kind: 'hub', repo: id, revision };
    for (const text of [
      `${id}@${revision}`,
      `https://huggingface.co/${id}/tree/${encoded}`,
      `https://huggingface.co/${id}/blob/${encoded}/model.safetensors`,
      `hf.co/${id}/resolve/${encoded}/config.json?download=true`,
      `${hub}/${id}/tree/${encoded}`,
      `hf://${id}@${revision.startsWith('refs/') ? revision : encoded}`,
    ]) {
      if (revision.includes('+') && text.startsWith(id)) continue;
      expect(parseModelReference(text, options), text).toMatchObject(wanted);
    }
    for (const text of [id, `https://huggingface.co/${id}`, `huggingface.co/${id}/`, `hf://${id}`, `${hub}/${id}`]) {
      const { reference: _, ...read } = parseModelReference(text, options);
      expect(read, text).toEqual({ kind: 'hub', repo: id });
    }
  }
});

test('a gradient stays between its neighbours and meets its own values at equal distances', () => {
  for (let round = 0; round < 500; round++) {
    const values = times(6, () => random() * 4 - 2);
    const setting: Setting = { kind: 'gradient', values };
    const last = values.length - 1;
    values.forEach((value, index) => {
      const met = parameterValue({ setting, tensorName: '', depth: last === 0 ? 0 : index / last });
      expect(met).toBeCloseTo(value, 12);
    });
    const depth = random();
    const [low = 0, high = 0] = [Math.floor(depth * last), Math.ceil(depth * last)];
    const between = parameterValue({ setting, tensorName: '', depth }) as number;
    const [a = 0, b = 0] = [values[low], values[high]];
    expect(between).toBeGreaterThanOrEqual(Math.min(a, b) - 1e-12);
    expect(between).toBeLessThanOrEqual(Math.max(a, b) + 1e-12);
  }
});

test('a list of filters is decided by its first match alone, whatever follows', () => {
  const parts = ['mlp', 'attn', 'norm', 'q_proj', 'MLP', '.0.', '.1.'];
  for (let round = 0; round < 500; round++) {
    const entries = times(6, (): FilteredSetting => {
      const value = { kind: 'constant' as const, value: random() };
      return random() < 0.15 ? { value } : { filter: pick([...parts, '*']), value };
    });
    const tensorName = `layers${pick(['.0.', '.1.', '.2.'])}${pick(['mlp.up', 'attn.q_proj', 'norm'])}.weight`;
    const index = entries.findIndex(
      ({ filter }) => filter === undefined || filter === '*' || tensorName.split(filter).length > 1,
    );
    const wanted = entries[index]?.value;
    const setting: Setting = { kind: 'filters', entries };
    expect(parameterValue({ setting, tensorName, depth: 0 })).toBe(
      wanted?.kind === 'constant' ? wanted.value : undefined,
    );
  }
});
