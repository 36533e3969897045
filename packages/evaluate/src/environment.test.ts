import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { processorName } from './environment.ts';

test('what computes on a graphics card is called by its name, where the driver tells it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'hubfuse-gpus-'));
  try {
    const processor = cpus()[0]?.model.trim();
    expect(processorName('webgpu', folder)).toBe(processor);
    await mkdir(join(folder, '0000:31:00.0'));
    await writeFile(
      join(folder, '0000:31:00.0', 'information'),
      'Model: \t\t NVIDIA L4\nIRQ:   \t\t 51\nGPU UUID: \t GPU-0\nBus Type: \t PCIe\n',
    );
    expect(processorName('webgpu', folder)).toBe('NVIDIA L4');
    expect(processorName('cuda', folder)).toBe('NVIDIA L4');
    expect(processorName('cpu', folder)).toBe(processor);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
