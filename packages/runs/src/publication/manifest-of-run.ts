import { basename, join } from 'node:path';
import {
  HUBFUSE_VERSION,
  MANIFEST_FILE,
  MANIFEST_FORMAT,
  type Manifest,
  type ManifestInput,
  type ManifestStatistics,
} from '@hubfuse/hub';
import { listFolder, sha256OfFile } from '@hubfuse/tensors';
import { isRead } from '../fetch-inputs.ts';
import type { GateReport, ScoreTable } from '../report.ts';
import type { RunSpec } from '../run.ts';
import type { PinnedData, PinnedModel, RunPlan } from '../run-plan.ts';
import { REPORT_FOLDER } from '../search/search-files.ts';
import type { SearchSummary } from '../search/search-summary.ts';

/**
 * Files that the manifest does not list: itself, and the card, which a person may edit on the Hub. Neither is the report of a
 * search, which holds times and is for the person who searched.
 */
const UNLISTED = new Set<string>([MANIFEST_FILE, 'README.md']);

/**
 * The manifest of a built folder: what was merged from what, and a checksum of every file. Checksums that are known
 * already spare reading large files again.
 */
export async function manifestOfRun(options: {
  spec: RunSpec;
  plan: RunPlan;
  folder: string;
  known: readonly { path: string; sha256: string }[];
  /** Folder of each model of the plan: local ones are pinned by the checksums of their files. */
  inputFolders: readonly string[];
  scores: ScoreTable | undefined;
  gate: GateReport | undefined;
  statistics: readonly ManifestStatistics[] | undefined;
  search: SearchSummary | undefined;
  signal: AbortSignal;
}): Promise<Manifest> {
  const { spec, plan, folder, known, inputFolders, scores, gate, statistics, search, signal } = options;
  const { seed, shardSize } = spec.options;
  const checksums = new Map(known.map(({ path, sha256 }) => [path, sha256]));
  const isListed = (path: string) => !UNLISTED.has(path) && !path.startsWith(`${REPORT_FOLDER}/`);
  const files = (await listFolder(folder)).filter(({ path }) => isListed(path));
  const inputs = plan.models.flatMap((model, index) => (model.role === 'published' ? [] : [{ model, index }]));
  return {
    format: MANIFEST_FORMAT,
    hubfuse: HUBFUSE_VERSION,
    name: spec.name,
    method: plan.recipe.method,
    recipe: plan.recipe.source.text,
    inputs: await Promise.all(
      inputs.map(({ model, index }) => manifestInput(model, inputFolders[index] ?? '', signal)),
    ),
    settings: {
      ...(seed === undefined ? {} : { seed }),
      ...(shardSize === undefined ? {} : { shardSize }),
    },
    outputs: await Promise.all(
      files.map(async ({ path, size }) => ({
        path,
        size,
        sha256: checksums.get(path) ?? (await sha256OfFile(join(folder, path), signal)),
      })),
    ),
    datasets: plan.data.map(manifestData),
    ...(statistics === undefined ? {} : { statistics }),
    ...(scores === undefined ? {} : { scores }),
    ...(gate === undefined ? {} : { gate }),
    ...(search === undefined ? {} : { search }),
    ...manifestOrigin(spec),
  };
}

/** Who asked, for everybody who reads the card. Of a person at the command line there is nothing to tell. */
function manifestOrigin({ origin }: RunSpec): Pick<Manifest, 'origin'> {
  const { trigger, key, account, recipe, cause, ancestry } = origin;
  if (trigger === 'command' && ancestry.length === 0) return {};
  return {
    origin: {
      trigger,
      ...(key === undefined ? {} : { key }),
      ...(account === undefined ? {} : { account }),
      ...(recipe === undefined ? {} : { recipe: recipe.name }),
      ...(cause === undefined ? {} : { cause }),
      ancestry,
    },
  };
}

async function manifestInput(model: PinnedModel, folder: string, signal: AbortSignal): Promise<ManifestInput> {
  const { role, reference, kind, revision } = model;
  if (kind === 'hub') {
    return {
      role: inputRole(role),
      reference,
      name: model.name,
      kind,
      ...(revision === undefined ? {} : { revision }),
    };
  }
  const files = model.files.filter(({ path }) => isRead(path));
  const checksums = await Promise.all(
    files.map(async ({ path }) => [path, await sha256OfFile(join(folder, path), signal)] as const),
  );
  return { role: inputRole(role), reference, name: basename(model.name), kind, sha256: Object.fromEntries(checksums) };
}

function inputRole(role: PinnedModel['role']): 'base' | 'model' {
  return role === 'base' ? 'base' : 'model';
}

function manifestData(data: PinnedData): ManifestInput {
  const { dataset, split, repo, revision, path, sha256 } = data;
  const reference = `${dataset}.${split}`;
  if (data.kind === 'hub' && repo !== undefined) {
    return {
      role: 'data',
      reference: `${reference}: ${path}`,
      name: repo,
      kind: 'hub',
      ...(revision === undefined ? {} : { revision }),
    };
  }
  return {
    role: 'data',
    reference,
    name: basename(path),
    kind: 'folder',
    ...(sha256 === undefined ? {} : { sha256: { [basename(path)]: sha256 } }),
  };
}
