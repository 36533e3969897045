// `npm run peers`: everything that is checked with Python's own libraries. PYTHON names the interpreter (default: python3).
// Exit code 1: a check failed. 2: none failed, but some could not run for want of Python packages, which are named.
import { spawnSync } from 'node:child_process';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureBuilt } from '../build.mjs';
import { ensureInstalled } from '../install.mjs';
import { readArguments } from '../read-arguments.mjs';

readArguments({ script: import.meta.url });
const here = dirname(fileURLToPath(import.meta.url));
const python = process.env.PYTHON || 'python3';

/** Each ends with 0 where all is well. */
const CHECKS = {
  'safetensors files, both ways': { packages: ['safetensors', 'numpy'], command: [python, 'safetensors_files.py'] },
  'huggingface_hub and transformers against hub-server': {
    packages: ['huggingface_hub', 'transformers'],
    command: [process.execPath, 'hub.mjs'],
  },
  'one cache with huggingface_hub': { packages: ['huggingface_hub'], command: [process.execPath, 'cache.mjs'] },
  'graphs against PyTorch': {
    packages: ['torch', 'transformers', 'onnx'],
    command: [process.execPath, 'graphs.mjs'],
  },
  'a merged and a published model in PyTorch': {
    packages: ['torch', 'transformers', 'huggingface_hub'],
    command: [process.execPath, 'merged.mjs'],
  },
  'requests that schemathesis makes from the OpenAPI document': {
    packages: ['schemathesis'],
    command: [process.execPath, 'service.mjs'],
  },
};

const has = (name) => spawnSync(python, ['-c', `import ${name}`], { stdio: 'ignore' }).status === 0;

ensureInstalled();
ensureBuilt();
const wanted = [...new Set(Object.values(CHECKS).flatMap(({ packages }) => packages))];
const missing = new Set(wanted.filter((name) => !has(name)));
let failed = false;
for (const [what, { packages, command }] of Object.entries(CHECKS)) {
  const absent = packages.filter((name) => missing.has(name));
  if (absent.length > 0) {
    process.stdout.write(`skipped  ${what}: "${python}" has no ${absent.join(', ')}\n`);
    continue;
  }
  const [program, ...argv] = command;
  const { status } = spawnSync(program, argv, { cwd: here, stdio: 'inherit' });
  process.stdout.write(`${status === 0 ? 'ok      ' : 'FAILED  '} ${what}\n`);
  if (status !== 0) failed = true;
}
if (missing.size > 0) {
  process.stdout.write(`to run all of them: ${python} -m pip install ${[...missing].join(' ')}\n`);
  process.stdout.write('(in a virtual environment, if you like; PYTHON=<interpreter> picks it)\n');
}
process.exitCode = failed ? 1 : missing.size > 0 ? 2 : 0;
