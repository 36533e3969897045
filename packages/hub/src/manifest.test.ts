import { expect, test } from 'vitest';
import { type Manifest, manifestDigest, parseManifest, renderManifest } from './manifest.ts';

const manifest: Manifest = {
  format: 1,
  hubfuse: '0.1.0',
  name: 'x',
  method: 'pcb',
  recipe: 'name: x\n',
  inputs: [{ role: 'base', reference: 'a/b', name: 'a/b', kind: 'hub', revision: 'a'.repeat(40) }],
  settings: { shardSize: 5 },
  datasets: [],
  outputs: [
    { path: 'model.safetensors', size: 3, sha256: 'b'.repeat(64) },
    { path: 'config.json', size: 2, sha256: 'c'.repeat(64) },
  ],
};

test('a manifest is read back as it was written', () => {
  expect(parseManifest(renderManifest(manifest), 'here')).toEqual(manifest);
});

test('the digest is that of the content, whatever order its fields and files have', () => {
  const { outputs, inputs, ...rest } = manifest;
  const shuffled: Manifest = { outputs: [...outputs].reverse(), inputs, ...rest };
  expect(manifestDigest(shuffled)).toBe(manifestDigest(manifest));
  expect(manifestDigest(manifest)).toMatch(/^[0-9a-f]{64}$/);
});

test('scores and version are no part of the identity, everything that makes the bytes is', () => {
  const digest = manifestDigest(manifest);
  expect(manifestDigest({ ...manifest, scores: { mean: 0.5 }, hubfuse: '9.9.9' })).toBe(digest);
  const [first, second] = manifest.outputs;
  const other = { ...first, sha256: 'd'.repeat(64) } as NonNullable<typeof first>;
  expect(manifestDigest({ ...manifest, outputs: [other, ...(second ? [second] : [])] })).not.toBe(digest);
  expect(manifestDigest({ ...manifest, recipe: 'name: y\n' })).not.toBe(digest);
  expect(manifestDigest({ ...manifest, settings: { shardSize: 6 } })).not.toBe(digest);
});

test.each([
  ['no JSON', '{', /is not JSON/],
  ['no object', '3', /states no format/],
  ['without format', '{}', /states no format/],
  [
    'unpinned input',
    JSON.stringify({ ...manifest, inputs: [{ ...manifest.inputs[0], revision: 'main' }] }),
    /"inputs"/,
  ],
  ['output without checksum', JSON.stringify({ ...manifest, outputs: [{ path: 'x', size: 1 }] }), /"outputs"/],
  ['no recipe', JSON.stringify({ ...manifest, recipe: undefined }), /"recipe"/],
])('a manifest that is %s is refused by name', (_name, text, message) => {
  expect(() => parseManifest(text, 'ns/name')).toThrow(message);
});

test('a manifest of a later hubfuse asks for an update', () => {
  const later = JSON.stringify({ ...manifest, format: 2 });
  expect(() => parseManifest(later, 'ns/name')).toThrow(/format 2[\s\S]*update hubfuse/);
});
