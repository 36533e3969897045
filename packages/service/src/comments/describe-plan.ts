import type { RunPlan } from '@hubfuse/runs';

const UNITS = ['B', 'KB', 'MB', 'GB', 'TB'] as const;
const MOST_WARNINGS = 10;

/** A plan as a comment in Markdown: what would be merged from what, what it costs, what is to be known before. */
export function describePlan(recipe: string, plan: RunPlan): string {
  const models = plan.models.map(({ name, role, revision }) => {
    return `| ${role} | ${name} | ${revision === undefined ? '' : `\`${revision.slice(0, 12)}\``} |`;
  });
  const data = plan.data.map(({ dataset, split, repo, revision }) => {
    return `| ${split} data of ${dataset} | ${repo ?? ''} | ${revision === undefined ? '' : `\`${revision.slice(0, 12)}\``} |`;
  });
  const { download, output } = plan.bytes;
  const warnings = plan.warnings.slice(0, MOST_WARNINGS).map(({ message }) => `- ${message}`);
  return [
    `The recipe \`${recipe}\` would merge with \`${plan.recipe.method}\`: ${plan.phases.join(', ')}.`,
    ['| | repository | commit |', '|---|---|---|', ...models, ...data].join('\n'),
    `It downloads at most ${bytes(download)} and writes at most ${bytes(output)}.`,
    ...(warnings.length === 0 ? [] : [warnings.join('\n')]),
  ].join('\n\n');
}

function bytes(count: number): string {
  const power = Math.min(UNITS.length - 1, count < 1 ? 0 : Math.floor(Math.log10(count) / 3));
  return `${Number((count / 1000 ** power).toPrecision(3))} ${UNITS[power]}`;
}
