import { readdir, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { HubError } from '@hubfuse/plugin';
import { importInto } from './import-folder.ts';
import type { RepoType } from './options.ts';
import { type HubStore, isRepoId } from './storage/hub-store.ts';

interface PlainFolder {
  type: RepoType;
  repo: string;
  folder: string;
}

/**
 * Imports the folders of models and data sets that lie plainly in the folder that is served and are no repositories
 * yet: `<namespace>/<name>`, `datasets/<namespace>/<name>`, and folders with files directly below the root, whose
 * namespace is the root's own name. What lies below `datasets` and what holds data files but neither a configuration
 * nor weights is a data set, everything else a model.
 * @returns the ids, data sets with `datasets/` in front.
 */
export async function importPlainFolders(
  store: HubStore,
  { root, onNotice }: { root: string; onNotice: (notice: string) => void },
): Promise<string[]> {
  const imported: string[] = [];
  for (const { type, repo, folder } of await plainFolders(root)) {
    if ((await store.find(type, repo)) !== undefined) continue;
    try {
      await importInto(store, { type, repo, folder, message: `Import ${basename(folder)}` });
      imported.push(type === 'dataset' ? `datasets/${repo}` : repo);
    } catch (error) {
      // One folder that cannot be read is no reason not to serve the others.
      if (!(error instanceof HubError)) throw error;
      onNotice(`${folder} was not imported: ${error.message}`);
    }
  }
  return imported;
}

async function plainFolders(root: string): Promise<PlainFolder[]> {
  const own = basename(resolve(root));
  const found: PlainFolder[] = [];
  for (const first of await folders(root)) {
    const datasets = first === 'datasets';
    if (!datasets && (await holdsFiles(join(root, first)))) {
      const folder = join(root, first);
      found.push({ type: await typeOf(folder), repo: `${own}/${first}`, folder });
      continue;
    }
    for (const second of await folders(join(root, first))) {
      const folder = join(root, first, second);
      if (!datasets) {
        if (await holdsAnything(folder)) found.push({ type: await typeOf(folder), repo: `${first}/${second}`, folder });
        continue;
      }
      for (const third of await folders(folder)) {
        const data = join(folder, third);
        if (await holdsAnything(data)) found.push({ type: 'dataset', repo: `${second}/${third}`, folder: data });
      }
    }
  }
  return found.filter(({ repo }) => isRepoId(repo));
}

async function typeOf(folder: string): Promise<RepoType> {
  const names = (await children(folder)).map((child) => child.name);
  if (names.some((name) => name === 'config.json' || /\.(safetensors|onnx|bin|gguf|pt)$/.test(name))) return 'model';
  return names.some((name) => /\.(jsonl|csv|tsv|parquet|conll|arrow)$/.test(name)) ? 'dataset' : 'model';
}

async function folders(folder: string): Promise<string[]> {
  return (await children(folder)).filter((child) => child.folder).map((child) => child.name);
}

async function holdsFiles(folder: string): Promise<boolean> {
  return (await children(folder)).some((child) => !child.folder);
}

async function holdsAnything(folder: string): Promise<boolean> {
  return (await children(folder)).length > 0;
}

async function children(folder: string): Promise<{ name: string; folder: boolean }[]> {
  const names = (await readdir(folder)).filter((name) => !name.startsWith('.')).sort();
  return Promise.all(names.map(async (name) => ({ name, folder: await isFolder(join(folder, name)) })));
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    // A link that leads nowhere: whoever imports what holds it says so.
    return false;
  }
}
