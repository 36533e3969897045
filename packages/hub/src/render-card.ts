import { metricTitle, renderFrontMatter } from './card-front-matter.ts';
import { NO_FOLDER, NO_REPOSITORY, quoted, reproduceSentence } from './card-place.ts';
import type { CardContent, CardScores, CardSearch } from './card-types.ts';
import { MANIFEST_FILE, type ManifestInput, type ManifestOrigin, type ManifestStatistics } from './manifest.ts';
import { DEFAULT_HUB_URL } from './options.ts';
import { redact } from './token.ts';

const HOMEPAGE = 'https://www.npmjs.com/package/hubfuse';

/**
 * The model card of a merge: front matter for the Hub and text for people. Scores stand beside those of every parent; the
 * recipe, the pinned inputs and the outputs' checksums stand in full, so that the merge can be made again.
 */
export function renderCard(content: CardContent): string {
  const sections = [
    renderFrontMatter(content),
    `# ${content.title}`,
    introduction(content),
    ...(content.scores === undefined ? [] : ['## Scores', scoreTable(content.scores)]),
    ...(content.gate === undefined ? [] : ['## Condition for publishing', gateText(content.gate)]),
    ...(content.search === undefined ? [] : ['## How it was found', searchText(content.search)]),
    ...usage(content),
    '## Recipe',
    fenced(content.manifest.recipe.trimEnd(), looksLikeJson(content.manifest.recipe) ? 'json' : 'yaml'),
    '## Inputs',
    inputTable(content),
    ...(content.manifest.statistics === undefined
      ? []
      : ['## Statistics', statisticsTable(content.manifest.statistics)]),
    '## Files',
    outputTable(content),
    '## Licence',
    licenceText(content),
    '## Made again',
    reproduction(content),
  ];
  return `${redact(sections.join('\n\n'))}\n`.replace('---\n\n\n#', '---\n\n#');
}

function introduction({ manifest, method, tasks, hubUrl = DEFAULT_HUB_URL }: CardContent): string {
  const models = manifest.inputs.filter(({ role }) => role === 'model');
  const base = manifest.inputs.find(({ role }) => role === 'base');
  const merged = models.map((model) => inputLink(model, hubUrl)).join(', ');
  const over = base === undefined ? '' : ` over ${inputLink(base, hubUrl)}`;
  const sources = (method.sources ?? []).map((source) => `- ${source}`).join('\n');
  return [
    `${tasks === undefined ? 'This model was' : 'One model per task was'} merged by **${method.title}** from ${merged}${over}, with [hubfuse](${HOMEPAGE}) ${manifest.hubfuse}.`,
    ...(method.description === undefined ? [] : [method.description]),
    ...(manifest.origin === undefined ? [] : [originLine(manifest.origin, hubUrl)]),
    ...(sources === '' ? [] : [`Sources of the method:\n\n${sources}`]),
  ].join('\n\n');
}

const TRIGGER_WORDS: Readonly<Record<string, string>> = {
  http: 'by a request to a service of hubfuse',
  webhook: 'by a change on the Hub',
  schedule: 'on schedule',
  comment: 'by a comment',
  retry: 'again',
};

/** Who asked, in one line. */
function originLine({ trigger, key, account, recipe, cause, ancestry }: ManifestOrigin, hubUrl: string): string {
  const place = cause?.type === 'dataset' ? `${hubUrl}/datasets` : hubUrl;
  const parts = [
    `Started ${TRIGGER_WORDS[trigger] ?? 'from the command line'}`,
    ...(cause === undefined
      ? []
      : [`([${cause.repo}@${cause.sha.slice(0, 7)}](${place}/${cause.repo}/commit/${cause.sha}))`]),
    ...(account === undefined ? [] : [`of [${account}](${hubUrl}/${account})`]),
    ...(recipe === undefined ? [] : [`for the stored recipe \`${recipe}\``]),
    ...(key === undefined ? [] : [`with the key \`${key}\``]),
  ];
  const before = ancestry.map(({ repo, sha }) => `[${repo}@${sha.slice(0, 7)}](${hubUrl}/${repo}/commit/${sha})`);
  return `${parts.join(' ')}${before.length === 0 ? '' : `, following ${before.join(', ')}`}.`;
}

function inputLink({ role, kind, name, revision }: ManifestInput, hubUrl: string): string {
  if (kind === 'folder') return `\`${name}\` (a local ${role === 'data' ? 'file' : 'folder'})`;
  return `[${name}](${hubUrl}/${role === 'data' ? 'datasets/' : ''}${name}/tree/${revision ?? 'main'})`;
}

/** Several splits and files of one dataset are inputs of their own: the reference tells them apart. */
function inputRole({ role, reference, name }: ManifestInput): string {
  return role === 'data' && reference !== name ? `${role} \`${reference}\`` : role;
}

function scoreTable({ datasets, rows, metric, split, computedWith }: CardScores): string {
  const percent = (value: number | undefined) => (value === undefined ? '' : (value * 100).toFixed(2));
  const signed = (value: number) => `${value < 0 ? '' : '+'}${percent(value)}`;
  const compared = rows.some(({ difference }) => difference !== undefined);
  const heading = ['Model', ...datasets.map(({ name }) => name), 'mean', ...(compared ? ['merge ahead by'] : [])];
  const body = rows.map(({ name, role, values, mean, difference }) => {
    const ahead =
      difference === undefined
        ? ''
        : `${signed(difference.value)} (${signed(difference.low)} to ${signed(difference.high)})`;
    const scores = datasets.map((dataset) => percent(values[dataset.name]));
    const cells = [name, ...scores, percent(mean), ...(compared ? [ahead] : [])];
    return role === 'merge' ? cells.map((cell) => (cell === '' ? '' : `**${cell}**`)) : cells;
  });
  const outside = datasets.filter(({ inDomain }) => inDomain === false).map(({ name }) => name);
  const notes = [
    `${metricTitle(metric)} in percent on the ${split} split (${datasets.map(({ name, examples }) => `${name}: ${examples}`).join(', ')} examples).`,
    outside.length === 0
      ? 'The mean is the plain mean over the datasets.'
      : `The mean is the plain mean over the in-domain datasets; ${outside.join(', ')} is out of domain.`,
    ...(compared ? ['In parentheses stands the paired 95 % interval of the difference.'] : []),
    ...(computedWith === undefined ? [] : [`Computed with ${computedWith}.`]),
  ];
  const alignment = heading.map((_, column) => (column === 0 ? '---' : '--:'));
  return `${table([heading, alignment, ...body])}\n\n${notes.join(' ')}`;
}

function gateText({ met, condition, explanation }: NonNullable<CardContent['gate']>): string {
  const comparisons = explanation.split('; ').map((comparison) => `- ${comparison}`);
  return [
    `To be published if this condition holds on development data. It ${met ? 'does' : 'does not'}:`,
    fenced(condition, 'text'),
    comparisons.join('\n'),
  ].join('\n\n');
}

function searchText({ text, figures, coefficients = [] }: CardSearch): string {
  const rows = figures.map(({ name, value }) => [name, value]);
  const found = coefficients.map(({ name, start, value }) => [name, start, value]);
  return [
    text,
    table([['Search', ''], ['---', '---'], ...rows]),
    ...(found.length === 0 ? [] : [table([['Coefficient', 'start', 'found'], ['---', '--:', '--:'], ...found])]),
  ].join('\n\n');
}

function table(rows: readonly (readonly string[])[]): string {
  return rows.map((cells) => `| ${cells.map(cell).join(' | ')} |`).join('\n');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replace(/\s+/g, ' ');
}

function usage({ repo, pipelineTag, onnx, tasks }: CardContent): string[] {
  if (tasks !== undefined) return ['## Use', taskUsage(repo ?? NO_FOLDER, tasks)];
  if (repo === undefined || pipelineTag === undefined) return [];
  const python = `from transformers import pipeline\n\npipe = pipeline(${quoted(pipelineTag)}, model=${quoted(repo)})`;
  const javascript = `import { pipeline } from '@huggingface/transformers';\n\nconst pipe = await pipeline(${quoted(pipelineTag)}, ${quoted(repo)});`;
  return ['## Use', fenced(python, 'python'), ...(onnx === true ? [fenced(javascript, 'js')] : [])];
}

function taskUsage(place: string, tasks: readonly string[]): string {
  const commands = tasks.map((task) => `hubfuse materialize ${place} --task ${task} --out ${task}`);
  return [
    '**This is not one model.** It holds what all tasks share, and a mask and a scale for each; no library loads it as it is. A',
    `command rebuilds the model of one task as an ordinary folder:\n\n${fenced(commands.join('\n'), 'sh')}`,
  ].join('\n');
}

/** A fence that the text cannot close. */
function fenced(text: string, language: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${text}\n${fence}`;
}

function looksLikeJson(text: string): boolean {
  return text.trimStart().startsWith('{');
}

function inputTable({ manifest, hubUrl = DEFAULT_HUB_URL }: CardContent): string {
  const rows = [...manifest.inputs, ...manifest.datasets].map((input) => [
    inputRole(input),
    inputLink(input, hubUrl),
    input.revision === undefined ? 'not on a Hub' : `\`${input.revision}\``,
  ]);
  return table([['Role', 'Repository', 'Revision'], ['---', '---', '---'], ...rows]);
}

function statisticsTable(statistics: readonly ManifestStatistics[]): string {
  const rows = statistics.map(
    ({ model, kind, variant, source, file, revision, sha256, dataset, examples, refreshed }) => [
      refreshed === true ? `${model}, evolved` : model,
      `${kind} (${variant})`,
      dataset === undefined ? 'not stated' : `${dataset}, ${examples} examples`,
      source === undefined
        ? 'gathered for this merge'
        : `${source}: \`${file}\`${revision === undefined ? '' : ` at \`${revision}\``}`,
      `\`${sha256}\``,
    ],
  );
  return table([['Model', 'Statistics', 'Data', 'File', 'SHA-256'], ['---', '---', '---', '---', '---'], ...rows]);
}

function outputTable({ manifest }: CardContent): string {
  const rows = manifest.outputs.map(({ path, size, sha256 }) => [`\`${path}\``, String(size), `\`${sha256}\``]);
  return table([['File', 'Bytes', 'SHA-256'], ['---', '--:', '---'], ...rows]);
}

function licenceText({ licence }: CardContent): string {
  const findings = licence.findings.map(({ severity, message }) => `- ${severity}: ${message}`).join('\n');
  return findings === '' ? licence.explanation : `${licence.explanation}\n\n${findings}`;
}

function reproduction({ repo, manifest }: CardContent): string {
  const target = repo ?? NO_REPOSITORY;
  const folders = manifest.inputs.filter(({ kind }) => kind === 'folder').length;
  const local = folders === 0 ? '' : ' It needs the local folders named above, too.';
  return `\`${MANIFEST_FILE}\` holds the recipe, every pinned revision and every checksum. ${reproduceSentence(target)}${local}`;
}
