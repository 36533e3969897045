// Checks the graphs of every class, activation and option against PyTorch: node scripts/peers/graphs.mjs
// PYTHON names the interpreter (default: python3). With the Python package onnx, exported files are checked by it too.
import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkGraph, exportOnnx, registerArchitectures } from '@hubfuse/graphs';
import { Registry } from '@hubfuse/plugin';
import { folderSource } from '@hubfuse/tensors';

const here = dirname(fileURLToPath(import.meta.url));
const python = process.env.PYTHON || 'python3';
const has = (module) => spawnSync(python, ['-c', `import ${module}`], { stdio: 'ignore' }).status === 0;

if (!has('torch, transformers')) {
  console.error(`graphs: not checked: "${python}" has no torch and transformers`);
  console.error('  pip install torch transformers onnx   (PYTHON=<interpreter> picks another Python)');
  process.exit(2);
}

const CHECK_ONNX = 'import onnx, sys\nfor path in sys.argv[1:]: onnx.checker.check_model(path, full_check=True)';

const folder = await mkdtemp(join(tmpdir(), 'hubfuse-peers-graphs-'));
const failures = [];
let largest = 0;
try {
  const made = spawnSync(python, [join(here, 'reference_models.py'), folder], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (made.status !== 0) process.exit(1);
  const registry = new Registry();
  await registerArchitectures(registry);
  const names = (await readdir(folder)).sort();
  for (const name of names) {
    const path = join(folder, name);
    const { passed, differences } = await checkGraph({ folder: path, registry });
    largest = Math.max(largest, ...differences.map((difference) => difference.largest));
    if (!passed) failures.push(name);
    await exportOnnx({ source: await folderSource(path), out: path, registry });
  }
  console.log(`graphs: ${names.length} models, largest difference ${largest.toExponential(1)}`);
  if (has('onnx')) {
    const files = names.map((name) => join(folder, name, 'onnx', 'model.onnx'));
    const checked = spawnSync(python, ['-c', CHECK_ONNX, ...files], { stdio: ['ignore', 'inherit', 'inherit'] });
    if (checked.status !== 0) failures.push('onnx.checker');
    else console.log(`graphs: ${files.length} exported files pass onnx.checker`);
  } else {
    console.log('graphs: exported files not checked: no onnx');
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
if (failures.length > 0) {
  console.error(`graphs: beyond the tolerance: ${failures.join(', ')}`);
  process.exit(1);
}
