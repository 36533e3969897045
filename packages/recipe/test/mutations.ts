/** A generator of numbers that gives the same ones for the same seed (mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Recipes that between them use every key, valid and put off. */
export const CORPUS: readonly string[] = [
  `name: support
merge_method: pcb
base_model: https://huggingface.co/x/base
models:
  - https://huggingface.co/x/money/tree/main
  - {model: x/home@main, parameters: {lambda: 1.1}}
parameters: {ratio: 0.1, exclude: [embeddings], form: language}
out_dtype: bfloat16
seed: 7
heads: keep
evaluate:
  task: text-classification
  metric: accuracy
  max_length: 64
  datasets:
    - {name: money, dev: data/m.dev.jsonl, test: m.jsonl, text: text, label: label, limit: 5}
    - {name: my-data, from: x/clinc150, dev: home/dev.jsonl, domain: out, split: "[:5]"}
publish:
  hub: {repo: you/support, as: pull_request, private: off}
  if: mean > best_parent + 1% and not ("my-data" < 0.5 or money - base <= 0)
`,
  `merge_method: ties
base_model: {model: {path: a/base, revision: v1}}
models:
  - model: a/base
  - model: a/x
    parameters:
      weight: [{filter: mlp, value: [0.1, 0.9]}, {value: 0.5}]
      density: [1.0, 0.6, 0.15]
parameters: &p {normalize: no, weight: 5e-1, lambda: {filter: "*", value: 2}}
dtype: torch.float32
`,
  '{"merge_method": "linear", "models": ["a/x", {"model": "b/y", "parameters": {"weight": -0.25}}], "parameters": {"weight": 1}}',
  `merge_method: linear
models: &m
  - &one {model: ./local, parameters: &half {weight: 0.5}}
  - {<<: *one, model: ~/other}
  - {<<: [{parameters: *half}, *one], model: hf://c/d@refs/pr/1}
parameters: {normalize: TRUE}
`,
  `merge_method: passthrough
slices:
  - sources: [{model: a/x, layer_range: [0, 2], parameters: {scale: [{filter: o_proj, value: 0.0}]}}]
  - sources: [{model: b/y, layer_range: [1, 3]}]
    base_model: a/x
tokenizer_source: union
chat_template: "{% for m in messages %}{{ m['content'] }}{% endfor %}"
`,
  `merge_method: linear
modules:
  encoder: {models: [{model: a/x, parameters: {weight: 1}}], parameters: {weight: 2}}
  decoder: {slices: [{sources: [{model: a/x, layer_range: [0, 1]}]}]}
tokenizer:
  source: union
  pad_to_multiple_of: 16
  tokens: {"<|end|>": {source: {kind: model_token, model: a/x, token_id: 5}, force: true}}
`,
  `name: first
merge_method: task_arithmetic
base_model: a/base
models: [a/x, a/y]
---
merge_method: slerp
base_model: first
models: [first, a/z]
parameters: {t: [{filter: mlp, value: [0, 1]}, {value: 0.5}]}
`,
  `merge_method: evolver
models: [a/x, a/y, a/z]
evaluate: {task: text-classification, datasets: [{name: x, dev: x.jsonl}]}
evolve: {mode: blend, generations: 3, scale: 0.5, reference: adaptive, update: synchronous, exclude: [head], time: 1h30m}
`,
  `merge_method: pcb
base_model: a/base
models: [a/x, {model: a/y, parameters: {lambda: 0.4}}]
evaluate: {task: text-classification, datasets: [{name: x, dev: x.jsonl}]}
search:
  over: [ratio, {parameter: lambda, per: model, layers: 3, filters: [attention], range: [0, 2]}]
  evaluations: 40
  step: 0.2
`,
];

const PIECES = [
  ...[
    '*a',
    '&a ',
    '*half',
    '<<: ',
    '- ',
    ': ',
    '? ',
    '[',
    ']',
    '{',
    '}',
    ', ',
    '"',
    "'",
    '|\n',
    '>-\n',
    '#',
    '%',
    '`',
    '@',
    '+',
  ],
  ...[
    '!!str ',
    '!x ',
    '!!binary ',
    '---\n',
    '...\n',
    '\t',
    '\n',
    '\r\n',
    '  ',
    '\u0000',
    '\u2028',
    '\ud800',
    '😀',
    '\uFEFF',
  ],
  ...[
    '.nan',
    '-.inf',
    '1e999',
    '-0',
    '0x1F',
    '1_0',
    '9007199254740993',
    'null',
    '~',
    'yes',
    'Off',
    '2026-01-01',
    '1:30',
  ],
  ...[
    '__proto__',
    'constructor',
    'toString',
    'weight',
    'models',
    'parameters',
    'mean',
    'and',
    'not',
    '(',
    ')',
    '>=',
    '%ZZ',
  ],
  ...['https://', 'hf://', 'datasets/', '/tree/', '@@', '../', '\\', '*'.repeat(50), '['.repeat(60), 'x'.repeat(2000)],
];

const WORDS = PIECES.filter((piece) => /^[\w./~-]+$/.test(piece));

/** The mutation of that number: the same text for the same number. */
export function mutation(number: number): string {
  const random = randomNumbers(number);
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)] as Item;
  let text = pick(CORPUS);
  for (let count = 1 + Math.floor(random() ** 2 * 5); count > 0; count--) text = mutate(text, random, pick);
  return text;
}

function mutate(text: string, random: () => number, pick: <Item>(items: readonly Item[]) => Item): string {
  const at = Math.floor(random() * (text.length + 1));
  const length = Math.floor(random() ** 3 * 80) + 1;
  const [before, cut, after] = [text.slice(0, at), text.slice(at, at + length), text.slice(at + length)];
  switch (Math.floor(random() * 14)) {
    case 0:
      return before + after;
    case 1:
      return before + pick(PIECES) + cut + after;
    case 2:
      return before + pick(PIECES) + after;
    case 3:
      return before + cut.repeat(1 + Math.floor(random() ** 6 * 300)) + after;
    case 4: {
      const other = pick(CORPUS);
      const from = Math.floor(random() * other.length);
      return before + other.slice(from, from + length * 3) + after;
    }
    case 5:
      return before + String.fromCharCode(Math.floor(random() ** 2 * 0x180)) + cut.slice(1) + after;
    case 6: {
      const lines = text.split('\n');
      const [line] = lines.splice(Math.floor(random() * lines.length), 1);
      lines.splice(Math.floor(random() * (lines.length + 1)), 0, ' '.repeat(Math.floor(random() * 4)) + (line ?? ''));
      return lines.join('\n');
    }
    case 7:
      return text.replace(/-?\d+(\.\d+)?/, () =>
        pick(['-1', '0', '1.5', '1e-400', '17', '.inf', '[0, 1]', '{value: 3}']),
      );
    default: {
      // A word for a word leaves the YAML sound, so that the reader behind the YAML parser is met.
      const words = [...text.matchAll(/[\w./-]+/g)];
      const word = pick(words);
      if (word === undefined) return text;
      const [other = ''] = random() < 0.5 ? pick([...pick(CORPUS).matchAll(/[\w./-]+/g)]) : [pick(WORDS)];
      return text.slice(0, word.index) + other + text.slice(word.index + word[0].length);
    }
  }
}
