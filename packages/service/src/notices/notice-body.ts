import { type RunRecord, stateOf } from '@hubfuse/runs';
import type { Outcome } from './describe-outcome.ts';

/** What the signed webhook carries: enough to act on without asking back. */
export function noticeBody(outcome: Outcome, run: RunRecord): string {
  const { spec, state, report } = run;
  return JSON.stringify({
    format: 1,
    event: `run.${outcome}`,
    at: state.updatedAt,
    run: {
      id: spec.id,
      name: spec.name,
      state: stateOf(state),
      createdAt: spec.createdAt,
      origin: spec.origin,
    },
    published: report?.published ?? [],
    ...(report?.scores === undefined ? {} : { scores: report.scores }),
    ...(report?.gate === undefined ? {} : { gate: report.gate }),
    ...(state.error === undefined ? {} : { error: state.error }),
  });
}
