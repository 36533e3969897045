// Fills a folder with everything that a worker needs and nothing else: a root file system without shell, package manager and
// compiler, which the Dockerfile copies into an empty image and the tests run in a chroot.
//
//   node scripts/worker-folder.mjs --out <folder> [--variant cpu|webgpu|cuda] [--node <binary>] [--libraries <folder>]
//
// It takes what is installed and built in this checkout. `--libraries`: further shared libraries for onnxruntime (CUDA's).
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureBuilt } from './build.mjs';
import { readArguments, refuse } from './read-arguments.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
export const VARIANTS = ['cpu', 'webgpu', 'cuda'];
/** The user that the image runs as; the stack's machines give it their scratch disks. */
export const UID = 10001;

/** What no worker imports: servers, launchers, and the browser's half of transformers.js. */
const LEFT_OUT = new Set([
  '@hubfuse/api',
  '@hubfuse/client',
  '@hubfuse/dashboard',
  '@hubfuse/hub-server',
  '@aws-sdk/client-batch',
  '@aws-sdk/client-cloudwatch-logs',
  'onnxruntime-web',
]);
const NOT_RUN =
  /\.(d\.[cm]?ts|map|md|markdown|flow|tsbuildinfo)$|(^|\/)(types|test|tests|__tests__|docs|example|examples)$/;
/** Loaded by name at run time, so that nothing lists them. */
const NAME_SERVICE = ['libnss_dns.so.2', 'libnss_files.so.2', 'libresolv.so.2'];
const VULKAN = ['libvulkan.so.1'];

/** @param {{ out: string, variant?: string, node?: string, libraries?: string }} options */
export function fillWorkerFolder({ out, variant = 'cpu', node = process.execPath, libraries }) {
  if (!VARIANTS.includes(variant)) throw new Error(`the variant "${variant}" is none of ${VARIANTS.join(', ')}`);
  if (variant === 'cuda' && libraries === undefined)
    throw new Error('the variant cuda needs --libraries: CUDA comes with no package');
  ensureBuilt();
  rmSync(out, { recursive: true, force: true });
  const modules = join(out, 'opt', 'hubfuse', 'node_modules');
  for (const [name, from] of closure()) copyPackage(from, join(modules, name));
  pruneOnnxruntime(join(modules, 'onnxruntime-node'), libraries);
  const binary = join(out, 'usr', 'local', 'bin', 'node');
  mkdirSync(dirname(binary), { recursive: true });
  copyFileSync(realpathSync(node), binary);
  chmodSync(binary, 0o755);
  copyLibraries(out, variant);
  for (const folder of ['tmp', 'scratch', 'dev', 'proc', 'etc']) mkdirSync(join(out, folder), { recursive: true });
  writeFileSync(join(out, 'etc', 'passwd'), `worker:x:${UID}:${UID}::/scratch:/nonexistent\n`);
  writeFileSync(join(out, 'etc', 'group'), `worker:x:${UID}:\n`);
  writeFileSync(join(out, 'etc', 'nsswitch.conf'), 'hosts: files dns\n');
}

/** Every package that the command needs, by name, with the folder that Node.js would take it from. */
function closure() {
  const found = new Map();
  const visit = (name, from, optional) => {
    if (LEFT_OUT.has(name) || found.has(name)) return;
    const folder = locate(name, from);
    if (folder === undefined) {
      if (optional) return;
      throw new Error(`${name}, which ${from} needs, is not installed`);
    }
    found.set(name, folder);
    const { dependencies = {}, optionalDependencies = {} } = JSON.parse(
      readFileSync(join(folder, 'package.json'), 'utf8'),
    );
    for (const dependency of Object.keys({ ...dependencies, ...optionalDependencies })) {
      visit(dependency, folder, dependency in optionalDependencies);
    }
  };
  visit('hubfuse', root, false);
  // Packages for other platforms are installed on none.
  return found;
}

function locate(name, from) {
  for (let at = realpathSync(from); ; at = dirname(at)) {
    const folder = join(at, 'node_modules', name);
    if (existsSync(join(folder, 'package.json'))) return realpathSync(folder);
    if (dirname(at) === at) return undefined;
  }
}

function copyPackage(from, to) {
  const own = from.startsWith(root) && !from.includes('node_modules');
  const wanted = (source) => {
    const relative = source.slice(from.length + 1);
    if (relative === '') return true;
    if (own) return /^(package\.json|dist|bin)(\/|$)/.test(relative) && !NOT_RUN.test(relative);
    if (basename(source) === '.bin') return false;
    // A package that brings others along in its own folder: those that the closure does not find flat.
    return !NOT_RUN.test(relative);
  };
  cpSync(from, to, { recursive: true, dereference: true, filter: wanted });
}

/** Keeps the binding and the library for this platform, and puts further libraries beside them. */
function pruneOnnxruntime(folder, libraries) {
  if (!existsSync(folder)) throw new Error('onnxruntime-node is not installed: a worker could not score');
  const builds = join(folder, 'bin', 'napi-v6');
  for (const platform of readdirSync(builds)) {
    if (platform !== 'linux') rmSync(join(builds, platform), { recursive: true });
    else
      for (const cpu of readdirSync(join(builds, platform)))
        if (cpu !== 'x64') rmSync(join(builds, platform, cpu), { recursive: true });
  }
  if (libraries !== undefined) cpSync(libraries, join(builds, 'linux', 'x64'), { recursive: true, dereference: true });
}

/** The shared libraries of the system that a binary below the folder needs, to where the loader looks for them. */
function copyLibraries(out, variant) {
  const binaries = [];
  const visit = (folder) => {
    for (const name of readdirSync(folder)) {
      const path = join(folder, name);
      const facts = lstatSync(path);
      if (facts.isDirectory()) visit(path);
      else if (/\.node$|\.so(\.\d+)*$/.test(name) || path.endsWith('/bin/node')) binaries.push(path);
    }
  };
  visit(out);
  const needed = new Set();
  for (const binary of binaries) {
    const { stdout } = spawnSync('ldd', [binary], { encoding: 'utf8' });
    for (const [, path] of (stdout ?? '').matchAll(/(?:=> )?(\/\S+) \(0x/g))
      if (!path.startsWith(out)) needed.add(path);
  }
  const system = [...needed].map(dirname).find((folder) => folder.endsWith('-linux-gnu')) ?? '/lib/x86_64-linux-gnu';
  for (const name of [...NAME_SERVICE, ...(variant === 'webgpu' ? VULKAN : [])]) {
    const path = [system, system.replace(/^\/lib/, '/usr/lib')].map((folder) => join(folder, name)).find(existsSync);
    if (path !== undefined) needed.add(path);
    else if (VULKAN.includes(name)) throw new Error(`the variant webgpu needs ${name}: install libvulkan1`);
  }
  for (const path of needed) {
    const to = join(out, path);
    mkdirSync(dirname(to), { recursive: true });
    copyFileSync(realpathSync(path), to);
    chmodSync(to, 0o755);
  }
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const { values } = readArguments({
    script: import.meta.url,
    options: {
      out: { type: 'string' },
      variant: { type: 'string' },
      node: { type: 'string' },
      libraries: { type: 'string' },
    },
  });
  if (values.out === undefined) refuse('say where to: --out <folder>', import.meta.url);
  fillWorkerFolder({ ...values, out: resolve(values.out) });
}
