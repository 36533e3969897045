import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { cardAt } from './card-place.ts';
import type { CardContent } from './card-types.ts';
import { describeLicences } from './describe-licences.ts';
import { parseCard } from './front-matter.ts';
import { renderCard } from './render-card.ts';

const SHA = 'a1'.repeat(20);
const content: CardContent = {
  title: 'support-intents',
  repo: 'you/support-intents',
  pipelineTag: 'text-classification',
  onnx: true,
  languages: ['en'],
  datasets: ['ns/clinc150'],
  method: {
    name: 'pcb',
    title: 'PCB-Merging',
    description: 'Competition of parameters.',
    sources: ['arXiv 2410.02396'],
  },
  licence: describeLicences([
    { name: 'ns/base', licence: 'mit' },
    { name: 'ns/money', licence: 'apache-2.0' },
  ]),
  manifest: {
    format: 1,
    hubfuse: '0.1.0',
    name: 'support-intents',
    method: 'pcb',
    recipe: 'name: support-intents # ``` and | pipes\nmerge_method: pcb\n',
    inputs: [
      { role: 'base', reference: 'ns/base', name: 'ns/base', kind: 'hub', revision: SHA },
      { role: 'model', reference: 'ns/money', name: 'ns/money', kind: 'hub', revision: SHA },
      { role: 'model', reference: './home', name: 'home', kind: 'folder' },
    ],
    settings: {},
    datasets: [{ role: 'data', reference: 'ns/clinc150', name: 'ns/clinc150', kind: 'hub', revision: SHA }],
    outputs: [{ path: 'model.safetensors', size: 1234, sha256: 'b2'.repeat(32) }],
  },
  scores: {
    task: 'text-classification',
    metric: 'accuracy',
    split: 'test',
    computedWith: 'onnxruntime cpu on x86',
    datasets: [
      { name: 'money', examples: 900 },
      { name: 'home', repo: 'ns/clinc150', revision: SHA, examples: 900 },
      { name: 'odd|one', examples: 10, inDomain: false },
    ],
    rows: [
      { name: 'support-intents', role: 'merge', values: { money: 0.82, home: 0.702222, 'odd|one': 0 }, mean: 0.761111 },
      { name: 'ns/money', role: 'model', values: { money: 0.9344, home: 0.0144 }, mean: 0.4744 },
      { name: 'ns/base', role: 'base', values: { money: 0.6878, home: 0.6011 }, mean: 0.64445 },
    ],
  },
};
const card = renderCard(content);
const matter = parse(/^---\n([\s\S]*?)\n---\n/.exec(card)?.[1] ?? '') as Record<string, unknown>;

test('the front matter is what the Hub reads', () => {
  expect(matter).toMatchObject({
    license: 'apache-2.0',
    library_name: 'transformers',
    pipeline_tag: 'text-classification',
    base_model: ['ns/base', 'ns/money'],
    base_model_relation: 'merge',
    tags: ['merge', 'hubfuse', 'pcb'],
    datasets: ['ns/clinc150'],
    language: ['en'],
  });
  expect(parseCard(card)).toMatchObject({ licence: 'apache-2.0', baseModelRelation: 'merge' });
});

test('the model index holds one result per dataset with its pinned revision', () => {
  const [model] = matter['model-index'] as { name: string; results: Record<string, unknown>[] }[];
  expect(model?.name).toBe('support-intents');
  expect(model?.results).toHaveLength(3);
  expect(model?.results[1]).toEqual({
    task: { type: 'text-classification' },
    dataset: { type: 'ns/clinc150', name: 'home', split: 'test', revision: SHA },
    metrics: [{ type: 'accuracy', value: 0.702222, name: 'Accuracy' }],
  });
});

test('scores stand in a table beside every parent, and cells cannot break it', () => {
  expect(card).toContain('| Model | money | home | odd\\|one | mean |');
  expect(card).toContain('| **support-intents** | **82.00** | **70.22** | **0.00** | **76.11** |');
  expect(card).toContain('| ns/money | 93.44 | 1.44 |  | 47.44 |');
  expect(card).toMatch(/odd\|one is out of domain/);
});

test('recipe, pins, checksums, version and licence reasoning stand in the text', () => {
  expect(card).toContain('````yaml\nname: support-intents # ``` and | pipes\nmerge_method: pcb\n````');
  expect(card).toContain(`| base | [ns/base](https://huggingface.co/ns/base/tree/${SHA}) | \`${SHA}\` |`);
  expect(card).toContain(`| \`model.safetensors\` | 1234 | \`${'b2'.repeat(32)}\` |`);
  expect(card).toContain('hubfuse](https://www.npmjs.com/package/hubfuse) 0.1.0');
  expect(card).toContain('takes in the others');
  expect(card).toContain('hubfuse reproduce you/support-intents');
});

test('the same card at another place is the card that would be rendered for it', () => {
  const { repo: _, ...nowhere } = content;
  const tasks = ['money', 'home'];
  expect(cardAt('me/x', card)).toBe(renderCard({ ...content, repo: 'me/x' }));
  expect(cardAt('me/x', renderCard({ ...nowhere, tasks }))).toBe(renderCard({ ...content, tasks, repo: 'me/x' }));
  expect(cardAt('me/x', renderCard(nowhere))).toContain('`hubfuse reproduce me/x`');
  expect(cardAt('me/x', '# Written by hand')).toBe('# Written by hand');
});

test('data says which split and file it is, and a local file is called one', () => {
  const hub = (reference: string) =>
    ({ role: 'data', reference, name: 'ns/clinc150', kind: 'hub', revision: SHA }) as const;
  const datasets = [
    hub('money.dev: money/dev.jsonl'),
    hub('money.test: money/test.jsonl'),
    { role: 'data', reference: 'home.dev', name: 'home.jsonl', kind: 'folder', sha256: {} },
  ] as const;
  const rendered = renderCard({ ...content, manifest: { ...content.manifest, datasets } });
  expect(rendered).toContain('| data `money.dev: money/dev.jsonl` | [ns/clinc150](https://huggingface.co/datasets/ns/');
  expect(rendered).toContain('| data `money.test: money/test.jsonl` | [ns/clinc150]');
  expect(rendered).toContain('| data `home.dev` | `home.jsonl` (a local file) |');
  expect(rendered).toContain('| model | `home` (a local folder) |');
});

test('a card without scores or a task is whole all the same', () => {
  const { scores: _scores, pipelineTag: _tag, ...rest } = content;
  const plain = renderCard(rest);
  expect(plain).not.toContain('## Scores');
  expect(plain).not.toContain('model-index');
  expect(plain).toContain('## Recipe');
});

test('a token that strayed into a recipe does not reach the card', () => {
  const token = 'hf_abcdefghijklmnopqrstuvwxyz01234567';
  const leaking = { ...content, manifest: { ...content.manifest, recipe: `name: x # ${token}\n` } };
  expect(renderCard(leaking)).not.toContain(token);
});

test('text from outside cannot end the front matter', () => {
  const sly = renderCard({ ...content, languages: ['en\n---\n# owned'] });
  const end = sly.indexOf('\n---\n', 4);
  expect(parse(sly.slice(4, end))).toMatchObject({ language: ['en\n---\n# owned'] });
});

test('a merge that was searched for says how it was found, and one that was not says nothing', () => {
  const search = {
    text: 'The models evolved.',
    figures: [{ name: 'Generations', value: '15' }],
    coefficients: [{ name: 'lambda, money', start: '0.5', value: '0.71' }],
  };
  const found = renderCard({ ...content, search });
  expect(found).toContain('## How it was found\n\nThe models evolved.\n\n| Search |  |\n');
  expect(found).toContain('| Generations | 15 |');
  expect(found).toContain('| lambda, money | 0.5 | 0.71 |');
  expect(card).not.toContain('How it was found');
});

test('who asked stands in one line with what led to it, and of a command line nothing is said', () => {
  const cause = { type: 'dataset', repo: 'ns/data', ref: 'refs/heads/main', sha: 'c3'.repeat(20) };
  const ancestry = [{ run: 'run-1', repo: 'you/parent', sha: 'd4'.repeat(20) }];
  const origin = { trigger: 'webhook', recipe: 'support', key: 'k1', cause, ancestry };
  const text = renderCard({ ...content, manifest: { ...content.manifest, origin } });
  expect(text).toContain(
    `Started by a change on the Hub ([ns/data@c3c3c3c](https://huggingface.co/datasets/ns/data/commit/${cause.sha})) ` +
      'for the stored recipe `support` with the key `k1`, following ' +
      `[you/parent@d4d4d4d](https://huggingface.co/you/parent/commit/${ancestry[0]?.sha}).`,
  );
  expect(card).not.toContain('Started ');
});
