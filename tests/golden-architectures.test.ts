import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { checkGraph, declaredClass, findArchitecture, registerArchitectures } from '@hubfuse/graphs';
import { Registry } from '@hubfuse/plugin';
import { describe, expect, test } from 'vitest';
import { goldenFolder } from './golden-folder.ts';

// Every folder with an io.safetensors is a case, whatever it is called; what cannot be built yet is pending by its class.
const own = join(import.meta.dirname, 'golden');
const registry = new Registry();
await registerArchitectures(registry);

for (const golden of new Set([goldenFolder, own])) {
  const root = join(golden, 'architectures');
  if (!existsSync(root)) {
    test.skip(`golden architectures are absent: there is no ${root}`, () => {});
    continue;
  }
  for (const name of readdirSync(root).sort()) {
    if (existsSync(join(root, name, 'io.safetensors'))) describeFolder(join(root, name));
  }
}

function describeFolder(folder: string): void {
  describe(basename(folder), () => {
    for (const config of ['config.json', 'config.v4.json']) {
      if (!existsSync(join(folder, config))) continue;
      const values = JSON.parse(readFileSync(join(folder, config), 'utf8')) as Record<string, unknown>;
      const className = declaredClass(values) ?? 'no class';
      if (findArchitecture(values, registry)?.classes.includes(className) !== true) {
        test.skip(`pending: no builder for ${className} (${config})`, () => {});
        continue;
      }
      test(`the graph of ${config} returns what PyTorch returns, hidden states included`, async () => {
        const check = await checkGraph({ folder, registry, config });
        expect(check.differences.filter(({ within }) => !within)).toEqual([]);
        expect(check.differences.length).toBeGreaterThan(0);
      });
    }
  });
}
