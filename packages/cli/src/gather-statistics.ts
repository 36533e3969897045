import { basename, join, resolve } from 'node:path';
import { loadDataset } from '@hubfuse/evaluate';
import { HUBFUSE_VERSION, type HubOptions, publishFile, requiredToken, requireFreeBytes } from '@hubfuse/hub';
import { type ModelSource, UsageError } from '@hubfuse/plugin';
import {
  findMeasure,
  findShortEntry,
  type GatheringPlan,
  gatherStatistics,
  openMeasuredModel,
  planGathering,
  STATISTICS_FOLDER,
  statisticsPath,
  taskOfModel,
  type WrittenStatistics,
} from '@hubfuse/statistics';
import { sha256OfFile } from '@hubfuse/tensors';
import type { CommandContext } from './command.ts';
import { hubOptions } from './hub-options.ts';
import { showHub } from './hub-view.ts';
import type { Output } from './output.ts';
import { columnSetting, readColumns } from './read-columns.ts';
import { fetchForScoring, type LocatedData, locateData } from './scoring-inputs.ts';
import type { StatsOptions, statsOptions } from './stats-options.ts';
import { describePlan, describeResult, planView, resultOf } from './stats-view.ts';

type StatsContext = CommandContext<typeof statsOptions>;

/** Gathers statistics as the command line asks: plan, data, passes, file, publication. */
export async function gatherForCommand(context: StatsContext): Promise<undefined> {
  const { options, output, directory, signal, positionals } = context;
  const request = findMeasure({ kind: options.kind ?? 'gram', variant: variantOf(options) });
  const registry = await context.registry();
  const hub = await hubOptions(context);
  const access = { hub, directory, output };
  const local = await fetchForScoring(positionals[0] ?? '', access);
  refuseUnpublishable(local.source, { options, hub });
  const { model, modelSha256 } = await openMeasuredModel({ ...local, name: local.source.name, registry, signal });
  const { memory, workers, limit, split, seed } = options;
  const dtype = options.dtype === 'bfloat16' ? 'BF16' : 'F32';
  const limits = { memory, workers, maxLength: options['max-length'] };
  const plan = planGathering({ model, ...request, dtype, limits });
  const data = await locateData(requireData(options.data), access);
  const task = options.task ?? taskOfModel(model);
  const columns = readColumns(options.column, Object.keys(registry.get('task', task).columns));
  const source = { path: data.path };
  const rows = { task, columns, columnSetting, split, limit, seed };
  const dataset = await loadDataset({ name: data.name, source, ...rows, registry });
  const view = planView(plan, dataset);
  if (options.plan) {
    output.result(view, () => describePlan(view));
    return undefined;
  }
  output.note(describePlan(view));
  const path = fileOf({ options, directory, source: local.source, data, plan });
  await requireFreeBytes({
    path,
    bytes: plan.diskBytes,
    purpose: 'the statistics',
    hint: 'name another place with --out',
  });
  const { revision } = local.source;
  const written = await gatherStatistics({
    ...{ model, measure: request.measure, plan, dataset, path, signal },
    maxLength: options['max-length'],
    origin: {
      model: local.source.name,
      modelSha256,
      dataset: data.reference,
      datasetSha256: await sha256OfFile(data.path, signal),
      version: HUBFUSE_VERSION,
      ...(revision === undefined ? {} : { revision }),
      ...(data.revision === undefined ? {} : { datasetRevision: data.revision }),
      ...(split === undefined ? {} : { split }),
    },
    onProgress: ({ phase, pass, passes, done, total }) =>
      output.progress({
        label: phase === 'tokenize' ? 'tokenize' : `gather${passes === 1 ? '' : ` (pass ${pass} of ${passes})`}`,
        ...{ done, total, unit: 'examples' },
      }),
  });
  warnOfFewRows(written, { plan, path, limit, output });
  const published = options.publish
    ? await publish({ context, hub, source: local.source, data, plan, path })
    : undefined;
  const result = { path, ...resultOf(written, plan), ...(published === undefined ? {} : { published }) };
  output.result(result, () => describeResult(result));
  return undefined;
}

function variantOf({ kind = 'gram', padding, variant }: StatsOptions): string | undefined {
  const [own, other] = kind === 'gram' ? ['padding', variant] : ['variant', padding];
  if (other === undefined) return kind === 'gram' ? padding : variant;
  throw new UsageError({
    code: 'usage/other-kind',
    message: `--kind ${kind} takes --${own} and nothing else of this sort`,
  });
}

function requireData(data: string | undefined): string {
  if (data !== undefined) return data;
  throw new UsageError({ code: 'usage/no-data', message: 'there is nothing to gather on', hint: 'add --data <file>' });
}

/** Said before hours of work, not after them. */
function refuseUnpublishable(source: ModelSource, { options, hub }: { options: StatsOptions; hub: HubOptions }): void {
  if (options['pull-request'] && !options.publish) {
    throw new UsageError({ code: 'usage/no-publish', message: '--pull-request needs --publish' });
  }
  if (!options.publish) return;
  if (source.kind === 'hub') {
    requiredToken(hub, `publishing to ${source.name}`);
    return;
  }
  throw new UsageError({
    code: 'usage/not-on-hub',
    message: `${source.name} is a folder, and --publish commits into a repository of the Hub`,
    hint: `name the model by its id on the Hub; or leave out --publish and upload the file that is written: hf upload <ns/name> <file> ${STATISTICS_FOLDER}/<name of the file>`,
  });
}

/** What every merge would refuse is said where it can still be gathered anew. */
function warnOfFewRows(
  { rows }: WrittenStatistics,
  { plan, path, limit, output }: { plan: GatheringPlan; path: string; limit: number | undefined; output: Output },
): void {
  const { request, measurement } = plan;
  const tensors = new Map(measurement.entries.map((entry) => [entry.key, entry]));
  const found = findShortEntry({ kind: request.kind, tensors, rows });
  if (found === undefined) return;
  const more = limit === undefined ? 'more data' : `a --limit above ${limit}, or none`;
  output.warn(
    `merges refuse ${path}: "${found.key}" is the mean of ${found.rows} rows, and at least ${found.needed} are needed; gather over more examples, with ${more}`,
  );
}

function fileOf(input: {
  options: StatsOptions;
  directory: string;
  source: ModelSource;
  data: LocatedData;
  plan: GatheringPlan;
}): string {
  const { options, directory, source, data, plan } = input;
  if (options.out !== undefined) return resolve(directory, options.out);
  const path = statisticsPath(plan.request, data.name);
  const folder = source.kind === 'folder' ? source.folder : undefined;
  // Files of several models would have one name, and each would replace the one before.
  const beside = `${basename(source.name)}.${basename(path)}`;
  return folder === undefined ? resolve(directory, beside) : resolve(directory, join(folder, path));
}

async function publish(input: {
  context: StatsContext;
  hub: HubOptions;
  source: ModelSource;
  data: LocatedData;
  plan: GatheringPlan;
  path: string;
}) {
  const { context, hub, source, data, plan, path } = input;
  const { kind, variant } = plan.request;
  const { url, revision, as, already } = await publishFile({
    repo: source.name,
    file: path,
    path: statisticsPath(plan.request, data.name),
    as: context.options['pull-request'] ? 'pull_request' : 'commit',
    title: `Add ${kind} statistics (${variant}) on ${data.name}`,
    options: { ...hub, onProgress: showHub(context.output, { label: `upload to ${source.name}`, bytes: 0 }) },
  });
  return { url, revision, as, already };
}
