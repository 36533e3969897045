import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { type HubOptions, openDataset } from '@hubfuse/hub';
import { EvaluationError, type ModelSource } from '@hubfuse/plugin';
import type { DataFile, DatasetEntry, EvaluateSection } from '@hubfuse/recipe';
import type { PinnedData } from '../run-plan.ts';
import { absolutePath } from './open-inputs.ts';
import { requestedRevisionOf } from './requested-revision.ts';

const SPLITS = ['dev', 'test'] as const;

/**
 * Pins the files that models are scored on: Hub files to a commit, local ones by their SHA-256.
 * @throws EvaluationError `evaluate/no-such-file` where a file does not exist, HubError where a repository cannot be had.
 */
export async function pinData(options: {
  evaluate: EvaluateSection;
  workingDirectory: string;
  hub: HubOptions;
}): Promise<PinnedData[]> {
  const { evaluate, workingDirectory, hub } = options;
  const opened = new Map<string, Promise<ModelSource>>();
  const open = (repo: string, revision: string | undefined): Promise<ModelSource> => {
    const key = `${repo}@${revision ?? ''}`;
    const source = opened.get(key) ?? openDataset({ kind: 'hub', repo, revision }, hub);
    opened.set(key, source);
    return source;
  };
  const pinned: PinnedData[] = [];
  for (const dataset of evaluate.datasets) {
    for (const split of SPLITS) {
      const file = dataset[split];
      if (file === undefined) continue;
      pinned.push(
        file.kind === 'local'
          ? await pinLocal({ dataset, split, path: absolutePath(file.path, workingDirectory) })
          : await pinRemote({ dataset, split, file, source: await open(file.repo, file.revision) }),
      );
    }
  }
  return pinned;
}

async function pinLocal(options: { dataset: DatasetEntry; split: 'dev' | 'test'; path: string }): Promise<PinnedData> {
  const { dataset, split, path } = options;
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new EvaluationError({
      code: 'evaluate/no-such-file',
      where: `${dataset.path}.${split}`,
      message: `the file ${path} cannot be read`,
      hint: 'paths of data start at the working directory',
      cause,
    });
  });
  return { dataset: dataset.name, split, kind: 'local', path, sha256: sha256(bytes), size: bytes.length };
}

async function pinRemote(options: {
  dataset: DatasetEntry;
  split: 'dev' | 'test';
  file: Extract<DataFile, { kind: 'hub' }>;
  source: ModelSource;
}): Promise<PinnedData> {
  const { dataset, split, file, source } = options;
  const found = source.files.find(({ path }) => path === file.path);
  if (found === undefined) {
    const known = source.files.map(({ path }) => path).slice(0, 10);
    throw new EvaluationError({
      code: 'evaluate/no-such-file',
      where: `${dataset.path}.${split}`,
      message: `the dataset ${source.name} has no file ${file.path}`,
      hint: `it has ${known.join(', ')}${source.files.length > known.length ? ', ...' : ''}`,
    });
  }
  return {
    dataset: dataset.name,
    split,
    kind: 'hub',
    repo: source.name,
    path: file.path,
    size: found.size,
    ...(source.revision === undefined ? {} : { revision: source.revision }),
    ...requestedRevisionOf(source),
  };
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
