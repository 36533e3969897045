import type { MergePlan, PlannedTensor } from '@hubfuse/merge';
import type { RunPlan } from '@hubfuse/runs';
import { describeCost, describeTime } from './estimate-view.ts';
import { describeTensorParameters, describeValues, effectiveParameters } from './parameter-view.ts';
import type { PlanSpace } from './plan-space.ts';
import { describeSearchSize } from './search-view.ts';
import { type Column, renderTable } from './terminal/table.ts';
import { formatBytes, formatCount, formatDuration } from './units.ts';

const SHA_DIGITS = 12;

/** A plan for people: inputs, what becomes of the tensors, the output, needs, licence and warnings. */
export function describePlan(plan: RunPlan, space: PlanSpace): string {
  const { merge, licence, warnings, phases } = plan;
  const warned = new Set(warnings.map(({ message }) => message));
  const findings = licence.findings.filter(({ message }) => !warned.has(message));
  return [
    describeInputs(plan),
    '',
    `method: ${merge.method} ${describeValues(merge.parameters)}`.trimEnd(),
    ...describeMerging(merge),
    `tensors: ${describeRules(merge)}`,
    ...merge.tensors.filter((tensor) => isException(tensor, merge)).map(describeException),
    ...merge.dropped.map(
      ({ input, name, reason }) => `  ${name} of ${merge.inputs[input]?.name ?? input}: left out, ${reason}`,
    ),
    ...merge.heads.map(
      ({ input, path, labels }) =>
        `  ${path}: head of ${merge.inputs[input]?.name ?? input} with ${labels.length} labels`,
    ),
    '',
    ...describeTasks(merge),
    ...merge.outputs.map(
      ({ path, size }, output) => `output: ${path} ${formatBytes(size)} ${dtypesOf(merge, output).join(' ')}`,
    ),
    `parameters: ${formatCount(merge.totals.parameters)}`,
    `reads ${formatBytes(merge.totals.readBytes)} in ${merge.totals.passes} ${merge.totals.passes === 1 ? 'pass' : 'passes'}`,
    ...describeStatistics(plan),
    ...describeSpace(space),
    ...describeSearchSize(plan),
    `steps: ${phases.join(', ')}`,
    '',
    ...describeTime(plan.time),
    ...describeCost(plan.cost),
    '',
    `licence: ${licence.licence}`,
    ...findings.map(({ severity, message }) => `  ${severity}: ${message}`),
    ...warnings.map(({ message, where }) => `warning: ${where === undefined ? '' : `${where}: `}${message}`),
  ].join('\n');
}

/** Values that nobody gave are in force as well: a plan that is silent about them hides half of what is done. */
function describeMerging(merge: MergePlan): string[] {
  const parameters = describeTensorParameters(merge);
  return parameters.length === 0 ? [] : [`values: ${parameters.join(', ')}`];
}

/** What the method reads beside the weights: where it is, or what gathering it takes. */
function describeStatistics({ statistics = [] }: RunPlan): string[] {
  return statistics.map(({ model, request, found, gather }) => {
    const what = `statistics: ${request.kind} (${request.variant}) of ${model}`;
    if (gather !== undefined) {
      const passes = `${gather.passes} ${gather.passes === 1 ? 'pass' : 'passes'} over ${gather.data.repo ?? ''}${gather.data.repo === undefined ? '' : '/'}${gather.data.path}`;
      const needs = `${formatBytes(gather.memoryBytes)} of memory, ${formatBytes(gather.diskBytes)} of disk, ${gather.isUpperBound ? 'at most' : 'about'} ${formatDuration(gather.seconds)}`;
      return `${what}: to be gathered in ${passes}; ${needs}`;
    }
    return `${what}: ${found?.name}/${found?.file}, ${formatBytes(found?.size ?? 0)}`;
  });
}

function describeInputs({ merge }: RunPlan): string {
  const columns: Column[] = [
    { title: 'role' },
    { title: 'model' },
    { title: 'commit' },
    { title: 'weights', align: 'right' },
    { title: 'stored as' },
  ];
  const rows = merge.inputs.map(({ role, name, revision, bytes }, index) => [
    role,
    name,
    revision?.slice(0, SHA_DIGITS) ?? 'folder',
    formatBytes(bytes),
    storedDtypes(merge, index).join(' '),
  ]);
  return renderTable(columns, rows);
}

function storedDtypes(merge: MergePlan, input: number): string[] {
  const parts = merge.tensors.flatMap(({ base, parts }) => (base === undefined ? parts : [base, ...parts]));
  return [...new Set(parts.filter((part) => part.input === input).map(({ dtype }) => dtype))].sort();
}

function dtypesOf({ tensors, outputs }: MergePlan, output: number): string[] {
  if (outputs[output]?.masks === true) return ['bits'];
  return [...new Set(tensors.filter((tensor) => tensor.output === output).map(({ dtype }) => dtype))].sort();
}

/** A result per task holds a copy of the base: that goes without saying for every tensor. */
function isException({ name, rule, note }: PlannedTensor, { tasks, tensors }: MergePlan): boolean {
  if (tasks !== undefined && rule === 'copy') {
    return !tensors.some((tensor) => tensor.name === name && tensor.rule === 'method');
  }
  return rule !== 'method' || note !== undefined;
}

function describeTasks({ tasks = [] }: MergePlan): string[] {
  if (tasks.length === 0) return [];
  return [`result: one model per task (${tasks.map(({ name }) => name).join(', ')}), rebuilt by hubfuse materialize`];
}

function describeRules({ tensors }: MergePlan): string {
  const count = (rule: PlannedTensor['rule']) => tensors.filter((tensor) => tensor.rule === rule).length;
  const whole = tensors.filter(({ linear }) => linear !== undefined).length;
  const parts = [
    [whole, 'solved as whole layers'],
    [count('method') - whole, whole > 0 ? 'averaged by the method' : 'merged by the method'],
    [count('average'), 'averaged'],
    [count('labels'), 'averaged label by label'],
    [count('copy'), 'copied'],
  ] as const;
  return parts
    .filter(([number]) => number > 0)
    .map(([number, what]) => `${number} ${what}`)
    .join(', ');
}

function describeException({ name, rule, note }: PlannedTensor): string {
  const fate = { method: 'merged', average: 'averaged', labels: 'merged', copy: 'copied' }[rule];
  return `  ${name}: ${fate}${note === undefined ? '' : `, ${note}`}`;
}

function describeSpace({ memory, disk }: PlanSpace): string[] {
  const { workers, peakBytes, mergeBytes, gatherBytes } = memory;
  const threads = workers === 1 ? '1 worker' : `${workers} workers`;
  const parts =
    gatherBytes === undefined
      ? ` with ${threads}`
      : `: ${formatBytes(gatherBytes)} to gather statistics, ${formatBytes(mergeBytes)} to merge with ${threads}`;
  return [
    `memory: at most ${formatBytes(peakBytes)}${parts}`,
    ...disk.map(
      ({ purpose, bytes, folder, freeBytes }) =>
        `disk: ${purpose} at most ${formatBytes(bytes)}; ${formatBytes(freeBytes)} free at ${folder}`,
    ),
  ];
}

/** Every tensor with its fate and the parameters that hold for it. */
export function explainTensors(merge: MergePlan): string {
  const models = merge.inputs.filter(({ role }) => role === 'model');
  const columns: Column[] = [
    { title: 'tensor' },
    { title: 'shape' },
    { title: 'dtype' },
    { title: 'fate' },
    { title: 'parameters' },
  ];
  const rows = merge.tensors.map((tensor) => [
    tensor.name,
    `[${tensor.shape.join(', ')}]`,
    tensor.dtype,
    tensor.rule,
    tensor.rule === 'method' ? effectiveParameters(merge, tensor) : (tensor.note ?? ''),
  ]);
  const legend = models.map(({ name }, index) => `  ${index + 1}: ${name}`);
  return [renderTable(columns, rows), '', 'values per model stand in this order:', ...legend].join('\n');
}
