import { existsSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { type Dataset, type LoadDatasetOptions, loadDataset, requireOneModel } from '@hubfuse/evaluate';
import { fetchModel, type HubOptions, openDataset, openModel } from '@hubfuse/hub';
import { type ModelFile, type ModelSource, UsageError } from '@hubfuse/plugin';
import { parseDatasetReference, parseModelReference } from '@hubfuse/recipe';
import { showHub } from './hub-view.ts';
import type { Output } from './output.ts';

interface Access {
  hub: HubOptions;
  directory: string;
  output: Output;
}

/** A model on this disk with all that scoring reads. */
export interface LocalModel {
  source: ModelSource;
  folder: string;
}

export async function fetchForScoring(text: string, access: Access): Promise<LocalModel> {
  const { hub, output } = access;
  const source = await openModel(parseModelReference(text, { hub: hub.hubUrl }), told(access));
  requireOneModel(
    source.name,
    source.files.map(({ path }) => path),
  );
  const files = source.files.filter(isReadByScoring);
  const bytes = files.reduce((sum, file) => sum + file.size, 0);
  const onProgress = showHub(output, { label: `download ${source.name}`, bytes });
  return { source, folder: await fetchModel(source, { ...hub, onProgress, files: isReadByScoring }) };
}

/** A repository that is called otherwise by now is told of while it is opened. */
function told({ hub, output }: Pick<Access, 'hub' | 'output'>): HubOptions {
  return { ...hub, onProgress: showHub(output) };
}

/** Exports of other formats and training leftovers stay where they are. */
function isReadByScoring({ path }: ModelFile): boolean {
  return /^[^/]+\.(json|jinja|txt|model|safetensors)$/.test(path) || /^heads\/[^/]+$/.test(path);
}

/**
 * The dataset of one `--data`: `[name=]file`, a file being a path, or an address of a file in a dataset repository.
 * The name is that of the file where it is not given.
 */
export async function loadData(
  text: string,
  settings: Omit<LoadDatasetOptions, 'name' | 'source'>,
  access: Access,
): Promise<Dataset> {
  const { name, path } = await locateData(text, access);
  return loadDataset({ ...settings, name, source: { path } });
}

/** A file of examples on this disk and where it comes from. */
export interface LocatedData {
  name: string;
  /** Absolute path. */
  path: string;
  /** The address as it was given, or the name of a local file. */
  reference: string;
  /** Commit of a dataset repository. */
  revision?: string;
}

/** Finds the file of one `--data` and brings it onto this disk. */
export async function locateData(text: string, access: Access): Promise<LocatedData> {
  const { name, file } = splitName(text, access.directory);
  const local = resolve(access.directory, file);
  if (/^[a-z]+:\/\//i.test(file) && !existsSync(local)) return { name, ...(await fetchData(file, access)) };
  return { name, path: local, reference: basename(local) };
}

/** `money=data/money.jsonl` and `data/money.jsonl`, both named `money`. */
export function splitName(text: string, directory: string): { name: string; file: string } {
  const [, name, file] = /^([\w.-]+)=(.+)$/.exec(text) ?? [];
  if (name !== undefined && file !== undefined && !existsSync(resolve(directory, text))) return { name, file };
  return { name: basename(text).replace(/\.[^.]+$/, ''), file: text };
}

async function fetchData(address: string, { hub, output }: Access): Promise<Omit<LocatedData, 'name'>> {
  const reference = parseDatasetReference(address, { hub: hub.hubUrl });
  const path = reference.kind === 'hub' ? reference.path : undefined;
  if (path === undefined) {
    throw new UsageError({
      code: 'usage/no-data-file',
      message: `"${address}" names a dataset and no file in it`,
      hint: 'such as hf://datasets/ns/name/data/test.jsonl',
    });
  }
  const source = await openDataset(reference, told({ hub, output }));
  const onProgress = showHub(output, { label: `download ${source.name}`, bytes: 0 });
  const folder = await fetchModel(source, { ...hub, onProgress, files: [path] });
  const { revision } = source;
  return { path: resolve(folder, path), reference: address, ...(revision === undefined ? {} : { revision }) };
}
