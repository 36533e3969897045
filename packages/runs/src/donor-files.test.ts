import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { mergedConfig, writeDonorFiles } from './donor-files.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hubfuse-donor-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const changes = { dtype: 'bfloat16', tie_word_embeddings: false };
const config = (text: string) => mergedConfig({ text, where: 'config.json', changes });

test.each([
  ['{"dtype": "float32"}', '{"dtype": "bfloat16",\n  "tie_word_embeddings": false\n}'],
  ['{"torch_dtype": "float32"}', '{"torch_dtype": "bfloat16",\n  "tie_word_embeddings": false\n}'],
  ['{"tie_word_embeddings": true}', '{"tie_word_embeddings": false,\n  "torch_dtype": "bfloat16"\n}'],
])("the precision of %s keeps the donor's spelling", (text, expected) => {
  expect(config(text)).toBe(expected);
});

test('keys that hubfuse does not know stay as they are, digit for digit', () => {
  const text = '{\n  "rope_theta": 10000.0,\n  "custom": {"a": [1e-05]},\n  "dtype": "float32"\n}\n';
  expect(config(text)).toContain('"rope_theta": 10000.0,\n  "custom": {"a": [1e-05]},\n  "dtype": "bfloat16"');
});

test('side files of the donor are copied byte for byte and nothing is invented', async () => {
  const donor = join(folder, 'donor');
  await mkdir(join(donor, 'additional_chat_templates'), { recursive: true });
  const files = {
    'config.json': '{"dtype": "float32"}',
    'tokenizer.json': '{"ä": 1}',
    'vocab.txt': 'a\nb\r\n',
    'README.md': 'a card',
    'model.safetensors': 'weights',
    'training_args.bin': 'pickle',
    'additional_chat_templates/tool.jinja': '{{ x }}',
  };
  for (const [path, content] of Object.entries(files)) await writeFile(join(donor, path), content);
  const out = join(folder, 'out');
  await mkdir(out);
  const written = await writeDonorFiles({ donor, files: Object.keys(files), out, changes: { dtype: 'float16' } });
  expect(written).toEqual(['additional_chat_templates/tool.jinja', 'config.json', 'tokenizer.json', 'vocab.txt']);
  expect((await readdir(out, { recursive: true })).sort()).toEqual(['additional_chat_templates', ...written].sort());
  for (const path of written.filter((name) => name !== 'config.json')) {
    expect(await readFile(join(out, path), 'utf8')).toBe(files[path as keyof typeof files]);
  }
  expect(await readFile(join(out, 'config.json'), 'utf8')).toBe('{"dtype": "float16"}');
});
