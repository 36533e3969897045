// Bundles the pages of the dashboard into packages/dashboard/dist/bundle: one page and, below assets/, what it loads, each
// file named after a hash of its content. The bundle replaces the one before it at once.
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const room = join(root, 'packages', 'dashboard');
const pages = join(room, 'src', 'pages');
const target = join(room, 'dist', 'bundle');
const fresh = `${target}.${process.pid}`;

/** `name-HASH.ext` -> `name.ext` */
const plainName = (path) => basename(path).replace(/-[A-Z0-9]{8}(\.\w+)$/, '$1');

async function bundle() {
  rmSync(fresh, { recursive: true, force: true });
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [join(pages, 'main.tsx'), join(pages, 'theme.ts')],
    outdir: join(fresh, 'assets'),
    bundle: true,
    splitting: true,
    format: 'esm',
    target: ['es2022'],
    minify: true,
    jsx: 'automatic',
    jsxImportSource: 'preact',
    entryNames: '[name]-[hash]',
    chunkNames: '[name]-[hash]',
    assetNames: '[name]-[hash]',
    loader: { '.woff2': 'file' },
    legalComments: 'none',
    metafile: true,
    logLevel: 'error',
    tsconfig: join(pages, 'tsconfig.json'),
  });
  const names = new Map(Object.keys(metafile.outputs).map((path) => [plainName(path), basename(path)]));
  const icon = readFileSync(join(pages, 'icon.svg'));
  names.set('icon.svg', `icon-${createHash('sha256').update(icon).digest('hex').slice(0, 8).toUpperCase()}.svg`);
  writeFileSync(join(fresh, 'assets', names.get('icon.svg')), icon);
  const html = readFileSync(join(pages, 'index.html'), 'utf8').replace(/\{([\w.-]+)\}/g, (_, name) => {
    const found = names.get(name);
    if (found === undefined) throw new Error(`index.html names ${name}, which the bundle does not have`);
    return found;
  });
  writeFileSync(join(fresh, 'index.html'), html);
  writeFileSync(join(fresh, 'licences.txt'), licences(Object.keys(metafile.inputs)));
  mkdirSync(dirname(target), { recursive: true });
  rmSync(target, { recursive: true, force: true });
  renameSync(fresh, target);
}

/** The licences of the packages whose code or typefaces are in the bundle. */
function licences(inputs) {
  const folders = new Set(
    inputs.flatMap((path) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path.replaceAll('\\', '/'))?.[0] ?? []),
  );
  return [...folders]
    .sort()
    .map((folder) => {
      const { name, version, license } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
      const file = readdirSync(join(root, folder)).find((entry) =>
        /^licen[cs]e/i.test(basename(entry, extname(entry))),
      );
      const text = file === undefined ? '' : readFileSync(join(root, folder, file), 'utf8').trim();
      return `${name} ${version} (${license})\n\n${text}\n`;
    })
    .join('\n----\n\n');
}

await bundle();
