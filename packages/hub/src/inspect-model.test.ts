import type { ModelSource } from '@hubfuse/plugin';
import { expect, test } from 'vitest';
import { inspectModel, requireMergeable } from './inspect-model.ts';

function sourceOf(files: Record<string, string>, name = 'ns/name'): ModelSource {
  return {
    reference: name,
    name,
    kind: 'hub',
    files: Object.entries(files).map(([path, text]) => ({ path, size: Buffer.byteLength(text) })),
    read: async (path, range) => Buffer.from(files[path] ?? '').subarray(range?.start, range?.end),
  };
}

const CONFIG = '{"model_type":"bert"}';
const refusals = async (files: Record<string, string>, name?: string) => {
  const inspection = await inspectModel(sourceOf(files, name));
  return inspection.findings.filter(({ severity }) => severity === 'refuse');
};

test('a model in safetensors with its config is fit to be merged', async () => {
  const files = {
    'config.json': CONFIG,
    'model.safetensors': 'x',
    'pytorch_model.bin': 'x',
    'README.md': '---\nlicense: mit\n---',
  };
  const inspection = await inspectModel(sourceOf(files));
  expect(inspection.findings).toEqual([]);
  expect(inspection.weights).toEqual(['model.safetensors']);
  expect(inspection.config).toEqual({ model_type: 'bert' });
  expect(inspection.card.licence).toBe('mit');
  expect(() => requireMergeable(inspection)).not.toThrow();
});

test('shards at the root are the weights, files in folders and adapters are not', async () => {
  const inspection = await inspectModel(
    sourceOf({
      'config.json': CONFIG,
      'model.safetensors.index.json': '{}',
      'model-00002-of-00002.safetensors': 'x',
      'model-00001-of-00002.safetensors': 'x',
      'consolidated.safetensors': 'x',
      'adapter_model.safetensors': 'x',
      'heads/a.safetensors': 'x',
    }),
  );
  expect(inspection.weights).toEqual(['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors']);
});

test.each([
  [
    'pickles only',
    { 'config.json': CONFIG, 'pytorch_model-00001-of-00002.bin': 'x' },
    'hub/pickle-only',
    /pickles.*run code/,
  ],
  [
    'GGUF only',
    { 'model.Q4_K_M.gguf': 'x', 'README.md': '---\nbase_model: a/b\n---' },
    'hub/quantised',
    /GGUF[\s\S]*a\/b/,
  ],
  [
    'an adapter only',
    { 'adapter_config.json': '{}', 'adapter_model.safetensors': 'x', 'README.md': '---\nbase_model: a/b\n---' },
    'hub/adapter-only',
    /only an adapter[\s\S]*merge the adapter into a\/b/,
  ],
  [
    'quantised weights',
    { 'config.json': '{"quantization_config":{"quant_method":"gptq"}}', 'model.safetensors': 'x' },
    'hub/quantised',
    /quantised \(gptq/,
  ],
  ['no weights at all', { 'config.json': CONFIG }, 'hub/no-weights', /no safetensors/],
  [
    'an index without its shards',
    { 'config.json': CONFIG, 'model.safetensors.index.json': '{}' },
    'hub/no-weights',
    /index.json and none of the files/,
  ],
  [
    'a merge per task',
    { 'hubfuse-tasks.json': '{}', 'base.safetensors': 'x', 'vector.safetensors': 'x' },
    'hub/model-per-task',
    /one model per task[\s\S]*hubfuse materialize/,
  ],
  ['no config', { 'model.safetensors': 'x' }, 'hub/no-config', /no config.json/],
])('%s is refused with the reason', async (_name, files, code, message) => {
  const inspection = await inspectModel(sourceOf(files as Record<string, string>));
  expect(() => requireMergeable(inspection)).toThrow(message);
  expect(inspection.findings).toContainEqual(expect.objectContaining({ severity: 'refuse', code }));
});

test('a name that says quantised is a warning where config.json does not agree', async () => {
  const files = { 'config.json': CONFIG, 'model.safetensors': 'x' };
  const inspection = await inspectModel(sourceOf(files, 'ns/Model-7B-AWQ'));
  expect(inspection.findings).toMatchObject([{ severity: 'warning', code: 'hub/quantised-name' }]);
  expect(await refusals(files, 'ns/gawqer')).toEqual([]);
});

test('a config.json that is no object is an error that names the file', async () => {
  await expect(inspectModel(sourceOf({ 'config.json': '[1]', 'model.safetensors': 'x' }))).rejects.toThrow(
    /ns\/name\/config.json/,
  );
});

test('a config.json of a gigabyte is refused without being read', async () => {
  const source: ModelSource = {
    ...sourceOf({ 'model.safetensors': 'x' }),
    files: [{ path: 'config.json', size: 1_000_000_000 }],
    read: () => Promise.reject(new Error('it was read')),
  };
  await expect(inspectModel(source)).rejects.toThrow(/config.json has 1000000000 bytes/);
});
