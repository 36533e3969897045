// Writes the assembly of the AWS stack into cdk.out: bundles the functions, then runs the app. No network, no Docker, no credentials.
// An argument names a folder to write to instead.
import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureBuilt } from './build.mjs';
import { bundleFunctions } from './bundle-functions.mjs';
import { readArguments } from './read-arguments.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const { positionals } = readArguments({ script: import.meta.url, positionals: '[<folder>]  (default: cdk.out)' });
ensureBuilt();
await bundleFunctions(join(root, 'cdk', 'bundles'));
const outdir = resolve(positionals[0] ?? join(root, 'cdk.out'));
const { status } = spawnSync(process.execPath, [join(root, 'cdk', 'dist', 'synth.js'), outdir], { stdio: 'inherit' });
process.exitCode = status ?? 1;
