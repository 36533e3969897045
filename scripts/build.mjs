// Builds every package when, and only when, its sources changed: `ensureBuilt` compares a hash of the sources with the
// one that the last build left. Plain JavaScript without dependencies, because it runs before anything is built.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { readArguments } from './read-arguments.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const state = join(root, 'node_modules', '.hubfuse-build');
const ROOTS = ['packages', 'functions', 'cdk'];
const STALE_LOCK_MS = 120_000;
/** Sources for the browser, which esbuild bundles. */
const PAGES = join('packages', 'dashboard', 'src', 'pages');
const BUNDLE = join('packages', 'dashboard', 'dist', 'bundle');

/** Files that decide what a build produces, sorted. Every command asks for them first: no call of the system that may be saved. */
function sources() {
  const found = ['tsconfig.base.json', 'tsconfig.json', 'package-lock.json', join('scripts', 'write-overview.mjs')];
  const visit = (folder) => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const { name } = entry;
      if (name === 'node_modules' || name === 'dist' || name.startsWith('.')) continue;
      const path = `${folder}${sep}${name}`;
      if (entry.isDirectory()) {
        if (path !== PAGES) visit(path);
      } else if (/\.(ts|json)$/.test(name) && !name.endsWith('.test.ts')) found.push(path);
    }
  };
  for (const name of ROOTS) if (existsSync(join(root, name))) visit(name);
  return found.sort().map((path) => `${root}${sep}${path}`);
}

/** Files that decide what the bundle of the dashboard is, sorted. */
function pageSources() {
  const folder = join(root, PAGES);
  if (!existsSync(folder)) return [];
  const pages = readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.test.ts'))
    .map((entry) => join(entry.parentPath, entry.name));
  return [join(root, 'package-lock.json'), join(root, 'scripts', 'bundle-dashboard.mjs'), ...pages].sort();
}

/** Sizes and times only: says "nothing was touched" within milliseconds. */
function stamp(files) {
  let seen = '';
  for (const path of files) {
    const { size, mtimeMs } = statSync(path);
    seen += `${path.slice(root.length)}\0${size}\0${mtimeMs}\n`;
  }
  return createHash('sha256').update(seen).digest('hex');
}

function contentHash(files) {
  const hash = createHash('sha256').update(process.version.split('.')[0] ?? '');
  for (const path of files)
    hash
      .update(`${relative(root, path)}\0`)
      .update(readFileSync(path))
      .update('\0');
  return hash.digest('hex');
}

const read = (name) => (existsSync(join(state, name)) ? readFileSync(join(state, name), 'utf8') : undefined);

function run(command, args, label) {
  const result = spawnSync(process.execPath, [command, ...args], { cwd: root, encoding: 'utf8' });
  if (result.status === 0) return;
  process.stderr.write(`${label} failed\n${result.stdout ?? ''}${result.stderr ?? ''}`);
  throw new Error(`build: ${label} failed`);
}

function build(files) {
  const modules = join(root, 'node_modules');
  // An incremental build does not see that compiler options changed.
  const options = contentHash(files.filter((path) => /tsconfig[^/]*\.json$/.test(path)));
  const force = options === read('options') ? [] : ['--force'];
  run(join(modules, 'typescript', 'bin', 'tsc'), ['-b', ...force], 'tsc -b');
  writeFileSync(join(state, 'options'), options);
  removeOrphans();
  run(join(root, 'scripts', 'write-overview.mjs'), [], 'overview of the commands');
  buildKernels(files);
}

/** Compiling the kernels takes as long as all else together, and they change seldom. */
function buildKernels(files) {
  const room = join(root, 'packages', 'tensors');
  const wasm = join(room, 'dist', 'kernels.wasm');
  const lock = join(root, 'package-lock.json');
  const sources = contentHash([...files.filter((path) => path.startsWith(join(room, 'kernels'))), lock]);
  if (existsSync(wasm) && sources === read('kernels')) return;
  const asc = join(root, 'node_modules', 'assemblyscript', 'bin', 'asc.js');
  const paths = [relative(root, join(room, 'kernels', 'index.ts')), '-o', relative(root, wasm)];
  const flags = ['-O3', '--noAssert', '--enable', 'simd', '--runtime', 'stub', '--importMemory'];
  run(asc, [...paths, ...flags], 'asc');
  writeFileSync(join(state, 'kernels'), sources);
}

/** Removes what a source that is gone has left: folders of `dist` are read to find commands and methods. */
function removeOrphans() {
  const visit = (folder, source) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (relative(root, path) === BUNDLE) continue;
      if (entry.isDirectory()) {
        visit(path, join(source, entry.name));
        continue;
      }
      const name = /^(.+?)(\.d\.ts|\.js)(\.map)?$/.exec(entry.name)?.[1];
      if (name !== undefined && !existsSync(join(source, `${name}.ts`))) rmSync(path);
    }
  };
  for (const room of rooms()) {
    const [dist, source] = [join(room, 'dist'), join(room, 'src')];
    if (existsSync(dist)) visit(dist, source);
  }
}

/** Folders of all workspaces. */
function rooms() {
  const found = [];
  for (const group of ROOTS.map((name) => join(root, name)).filter(existsSync)) {
    if (existsSync(join(group, 'package.json'))) found.push(group);
    else found.push(...readdirSync(group).map((name) => join(group, name)));
  }
  return found;
}

/** One build at a time on this checkout: whoever comes second waits and finds it done. */
function withLock(action) {
  const lock = join(state, 'lock');
  mkdirSync(state, { recursive: true });
  for (;;) {
    try {
      mkdirSync(lock);
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      try {
        if (Date.now() - statSync(lock).mtimeMs > STALE_LOCK_MS) rmSync(lock, { recursive: true, force: true });
      } catch {
        // The holder finished between the two calls.
      }
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
    }
  }
  try {
    return action();
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

/** Runs `action` where the contents of the files differ from those of the last time. Returns whether it ran. */
function whenChanged(name, files, action) {
  const content = contentHash(files);
  if (content === read(name)) return false;
  rmSync(join(state, name), { force: true });
  action();
  writeFileSync(join(state, name), content);
  return true;
}

/** Digest of everything that decides what is built. */
export function sourceDigest() {
  return contentHash(sources());
}

/** Builds where the sources differ from what was built last. Returns whether it built. */
export function ensureBuilt() {
  const [files, pages] = [sources(), pageSources()];
  const touched = stamp([...files, ...pages]);
  if (touched === read('stamp')) return false;
  return withLock(() => {
    const built = whenChanged('hash', files, () => build(files));
    const bundled = whenChanged('pages', pages, () =>
      run(join(root, 'scripts', 'bundle-dashboard.mjs'), [], 'esbuild'),
    );
    writeFileSync(join(state, 'stamp'), touched);
    return built || bundled;
  });
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  readArguments({ script: import.meta.url });
  try {
    process.stdout.write(ensureBuilt() ? 'built\n' : 'up to date\n');
  } catch (error) {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}
