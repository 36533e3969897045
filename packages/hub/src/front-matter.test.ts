import { expect, test } from 'vitest';
import { parseCard } from './front-matter.ts';

test('a card says licence, bases, languages and data, single or listed', () => {
  const card = parseCard(
    '---\nlicense: other\nlicense_name: my-licence\nlicense_link: LICENSE\nbase_model: a/b\nbase_model_relation: finetune\nlanguage: [en, de]\ndatasets:\n- x/y\npipeline_tag: fill-mask\nlibrary_name: transformers\n---\n# Title\n',
  );
  expect(card).toEqual({
    licence: 'other',
    licenceName: 'my-licence',
    licenceLink: 'LICENSE',
    baseModels: ['a/b'],
    baseModelRelation: 'finetune',
    languages: ['en', 'de'],
    datasets: ['x/y'],
    tags: [],
    pipelineTag: 'fill-mask',
    libraryName: 'transformers',
  });
});

test.each([
  ['without front matter', '# Title\n---\nlicense: mit\n---\n'],
  ['with broken YAML', '---\nlicense: [mit\n---\n'],
  ['with a list', '---\n- mit\n---\n'],
  ['that is empty', ''],
  ['with numbers where texts belong', '---\nlicense: 3\nbase_model: {a: b}\n---\n'],
])('a card %s says nothing and breaks nothing', (_name, text) => {
  expect(parseCard(text)).toEqual({ baseModels: [], languages: [], datasets: [], tags: [] });
});

test('Windows line ends and a byte order mark are no obstacle', () => {
  expect(parseCard('\uFEFF---\r\nlicense: mit\r\n---\r\ntext').licence).toBe('mit');
});
