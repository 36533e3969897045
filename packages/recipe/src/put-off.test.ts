import { describe, expect, test } from 'vitest';
import { refusal } from '../test/reading.ts';

describe("mergekit's keys that are not done yet", () => {
  const rest = 'merge_method: linear\nmodels: [a/b, c/d]\n';
  test.each([
    ['tokenizer_source: union', 'tokenizer_source'],
    ['tokenizer: {source: base, tokens: {"<x>": {source: {kind: zero}, force: true}}}', 'tokenizer'],
    ['chat_template: chatml', 'chat_template'],
  ])('%s is put off by name', (line, path) => {
    const error = refusal(rest + line);
    expect(error).toMatchObject({ code: 'recipe/not-yet', place: { path, line: 3 } });
  });

  test('slices, modules, adapters and several documents are put off by name', () => {
    const slices = 'slices: [{sources: [{model: a/b, layer_range: [0, 2]}, {model: c/d, layer_range: [1, 3]}]}]';
    const later = [
      `merge_method: linear\n${slices}`,
      `merge_method: linear\nmodules: {default: {models: [a/b], parameters: {weight: 1}}}`,
      '{merge_method: linear, models: [a/b+c/d]}',
      `name: first\n${rest}---\nmerge_method: linear\nmodels: [first, e/f]\n`,
    ];
    expect(later.map((text) => refusal(text)).map(({ code, place }) => [code, place?.path])).toEqual([
      ['recipe/not-yet', 'slices'],
      ['recipe/not-yet', 'modules'],
      ['recipe/not-yet', 'models[0]'],
      ['recipe/not-yet', 'documents'],
    ]);
  });

  const slices = (sources: string) => `merge_method: linear\nslices:\n  - sources: [${sources}]\n`;
  test.each<[name: string, text: string, code: string, path: string, mentions: string[]]>([
    [
      'a range that runs backwards',
      slices('{model: a/b, layer_range: [2, 0]}'),
      'layer-range',
      'slices[0].sources[0].layer_range',
      ['[2, 0]'],
    ],
    [
      'ranges of unequal length',
      slices('{model: a/b, layer_range: [0, 2]}, {model: c/d, layer_range: [0, 1]}'),
      'slice-lengths',
      'slices[0].sources',
      ['2, 1', 'slices[0]'],
    ],
    [
      'a slice without the base',
      '{merge_method: ties, base_model: a/base, slices: [{sources: [{model: a/b, layer_range: [0, 1]}]}]}',
      'slice-without-base',
      'slices[0]',
      ['base_model', 'a/base'],
    ],
    [
      'two tokenizers',
      `${rest}tokenizer_source: base\ntokenizer: {source: union}`,
      'contradiction',
      'tokenizer_source / tokenizer',
      ['use one of the two'],
    ],
    [
      'a token by name and number',
      `${rest}tokenizer: {source: union, tokens: {"<e>": {source: {kind: model_token, model: a/b, token: x, token_id: 2}}}}`,
      'contradiction',
      'tokenizer.tokens.<e>.source',
      ['token_id'],
    ],
    [
      'an unknown chat template',
      `${rest}chat_template: vicuna`,
      'unknown-value',
      'chat_template',
      ['vicuna', 'chatml'],
    ],
    [
      'a module with both',
      'merge_method: linear\nmodules: {m: {models: [a/b], slices: []}}',
      'contradiction',
      'modules.m',
      ['exactly one'],
    ],
    [
      'stages in a circle',
      'name: a\nmerge_method: linear\nmodels: [b]\n---\nname: b\nmerge_method: linear\nmodels: [a]\n',
      'circle',
      'documents',
      ['a -> b -> a'],
    ],
    ['two results', `${rest}---\n${rest}`, 'two-results', 'documents', ['name']],
    [
      'a mistake in a later document',
      `name: a\n${rest}---\nmerge_method: linear\nmodels: [a, e/f]\nnots: 1\n`,
      'unknown-key',
      'documents[1].nots',
      ['7:1'],
    ],
    ['two adapters', '{merge_method: linear, models: [a/b+c/d+e/f]}', 'bad-reference', 'models[0]', ['+']],
    [
      'too many models for a method that is not there yet',
      '{merge_method: slerp, base_model: a/b, models: [a/b, c/d, e/f], parameters: {t: 0.5}}',
      'model-count',
      'models',
      ['2 in all', '3 in all'],
    ],
    [
      'a missing t',
      '{merge_method: slerp, base_model: a/b, models: [a/b, c/d]}',
      'parameter-missing',
      'parameters.t',
      ['"t"'],
    ],
  ])('a mistake comes before what is put off: %s', (_, text, code, path, mentions) => {
    const error = refusal(text);
    expect(error.code).toBe(`recipe/${code}`);
    expect(error.place?.path).toBe(path);
    for (const mention of mentions) expect(error.message).toContain(mention);
  });
});
