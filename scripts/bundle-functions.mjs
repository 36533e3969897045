// Bundles the functions of the stack: each into a folder that Lambda takes as it is. Extensions stay files of their own, because
// the registry finds them by their folders; everything heavy that no function uses stays outside.
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { ensureBuilt } from './build.mjs';
import { readArguments } from './read-arguments.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const require = createRequire(import.meta.url);

/** What functions never load: scoring, the command that executes runs, the stack. */
const OUTSIDE = [
  '@huggingface/transformers',
  'onnxruntime-node',
  'onnxruntime-common',
  'onnxruntime-web',
  'sharp',
  '@hubfuse/worker',
  'hubfuse',
  'aws-cdk-lib',
  'constructs',
];

/** Folders whose modules register as extensions. The launchers of `runs` execute here, which no function does. */
const EXTENSIONS = [
  ['packages/merge', 'methods'],
  ['packages/graphs', 'architectures'],
  ['packages/evaluate', 'tasks'],
  ['packages/evaluate', 'metrics'],
  ['packages/evaluate', 'readers'],
  ['packages/hub', 'publishers'],
  ['packages/objects', 'publishers'],
  ['packages/objects', 'stores'],
  ['packages/cloud', 'launchers'],
];

export const FUNCTIONS = { api: 'lambda.js', dispatch: 'dispatch.js' };

/**
 * Bundles both functions into folders of their names. Returns what esbuild read and wrote, by name.
 * @param {string} out
 * @returns {Promise<Record<string, import('esbuild').Metafile>>}
 */
export async function bundleFunctions(out) {
  ensureBuilt();
  const made = {};
  for (const [name, entry] of Object.entries(FUNCTIONS))
    made[name] = await bundle(join(out, name), entry, name === 'api');
  return made;
}

/** A package reads its version from the file beside it, which a bundle does not have. */
const versions = {
  name: 'versions',
  setup({ onLoad }) {
    onLoad({ filter: /packages\/hub\/dist\/version\.js$/ }, ({ path }) => {
      const { version } = JSON.parse(readFileSync(new URL('../package.json', pathToFileURL(path)), 'utf8'));
      const reading = /JSON\.parse\(readFileSync\([^;]*\)\)/;
      const source = readFileSync(path, 'utf8');
      if (!reading.test(source)) throw new Error(`${path} reads its version in another way`);
      return { contents: source.replace(reading, JSON.stringify({ version })) };
    });
  },
};

async function bundle(folder, entry, pages) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const entries = { index: join(root, 'functions/api/dist', entry) };
  for (const [room, extension] of EXTENSIONS) {
    const from = join(root, room, 'dist', extension);
    for (const file of readdirSync(from)) {
      if (file.endsWith('.js') && !file.includes('.test.'))
        entries[`${extension}/${file.slice(0, -'.js'.length)}`] = join(from, file);
    }
  }
  const { metafile } = await build({
    entryPoints: Object.entries(entries).map(([name, path]) => ({ in: path, out: name })),
    outdir: folder,
    absWorkingDir: root,
    bundle: true,
    splitting: true,
    minify: true,
    format: 'esm',
    // Packages that have both are taken as modules: those of CommonJS give `import()` no names.
    mainFields: ['module', 'main'],
    platform: 'node',
    target: 'node20',
    metafile: true,
    legalComments: 'none',
    external: OUTSIDE,
    plugins: [versions],
    // What was written for CommonJS asks for `require`.
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
    },
    logLevel: 'error',
  });
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify({ type: 'module', main: 'index.js' })}\n`);
  if (pages) copyPages(folder);
  return metafile;
}

/** What the API reads from beside its code: the dashboard, and Swagger UI. */
function copyPages(folder) {
  cpSync(join(root, 'packages/dashboard/dist/bundle'), join(folder, 'bundle'), { recursive: true });
  const from = dirname(require.resolve('swagger-ui-dist/package.json'));
  const to = join(folder, 'node_modules', 'swagger-ui-dist');
  mkdirSync(to, { recursive: true });
  for (const name of ['package.json', 'swagger-ui-bundle.js', 'swagger-ui.css', 'LICENSE'])
    cpSync(join(from, name), join(to, name));
}

if (process.argv[1] !== undefined && fileURLToPath(import.meta.url) === resolve(process.argv[1])) {
  const { positionals } = readArguments({ script: import.meta.url, positionals: '[<folder>]  (default: cdk/bundles)' });
  await bundleFunctions(resolve(positionals[0] ?? join(root, 'cdk', 'bundles')));
}
