import { RunError } from '@hubfuse/plugin';
import { evaluateGate, type Gate, type GateDifference, type GateValues } from '@hubfuse/recipe';
import type { Phase, PhaseName } from '../phase.ts';
import type { GateReport, ScoreTable } from '../report.ts';
import { bestParent, rowOf } from '../scoring/score-rows.ts';
import { storedPlan } from '../stored-plan.ts';
import type { EvaluateOutput } from './evaluate.ts';

/** What the gate decided. */
export interface GateOutput {
  gate: GateReport;
}

/** Decides by the recipe's condition whether the model is published. It stands in its folder either way. */
const gate: Phase = {
  name: 'gate',
  async run({ spec, execution, event, output, publishAnyway }) {
    const plan = await storedPlan(execution.store, spec.id);
    const condition = plan.recipe.publish?.gate;
    if (condition === undefined) {
      throw new RunError({ code: 'run/no-gate', message: 'the plan has a gate phase and its recipe no condition' });
    }
    const { table, differences } = output<EvaluateOutput>('evaluate');
    const report = decide(condition, table, differences);
    await event({ type: 'gate', gate: report });
    const result: GateOutput = { gate: report };
    const next: PhaseName[] =
      plan.phases.includes('publish') && (report.met || publishAnyway) ? ['assemble', 'publish'] : ['assemble'];
    return { output: result, next };
  },
};

/** Evaluates a condition on the development figures of a table. */
export function decide(
  condition: Gate,
  table: ScoreTable,
  differences: readonly GateDifference[] | undefined,
): GateReport {
  return { condition: condition.text, ...evaluateGate(condition, gateValues(table), differences) };
}

/** The figures that a condition may read. `published` is null where the target holds nothing yet. */
function gateValues(table: ScoreTable): GateValues {
  const merged = rowOf(table, 'merged')?.dev;
  const values = {
    ...merged?.datasets,
    mean: merged?.mean,
    best_parent: bestParent(table),
    base: rowOf(table, 'base')?.dev?.mean,
    average: rowOf(table, 'average')?.dev?.mean,
  };
  const known = Object.entries(values).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  return { ...Object.fromEntries(known), published: rowOf(table, 'published')?.dev?.mean ?? null };
}

export default gate;
