import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listFolder } from '@hubfuse/tensors';
import { expect, test } from 'vitest';
import { removeLeftovers } from './complete-folder.ts';

test('what a killed attempt left half-written is removed, and nothing else', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'hubfuse-complete-'));
  try {
    for (const name of ['heads', 'onnx']) await mkdir(join(folder, name));
    const whole = ['config.json', 'model.safetensors', 'onnx/model.onnx', 'special.tmp.json'];
    const half = [
      '.merge-journal',
      'config.json.0a1b2c3d4e5f.tmp',
      'heads/x.safetensors.partial',
      'onnx/model.onnx.0a1b2c3d4e5f.tmp',
    ];
    for (const path of [...whole, ...half]) await writeFile(join(folder, path), 'x');
    await removeLeftovers(folder);
    expect((await listFolder(folder)).map(({ path }) => path)).toEqual(whole);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
