import type { Field } from './fields.ts';

/** The most children of an array job of AWS Batch. */
const MOST_CHILDREN = 10_000;

/** How a run is carried out, where whoever executes it has a choice. Nothing of it changes the result. */
export interface ComputeSection {
  /** Workers that execute the run together; 1: never more than one. Absent: as the plan needs. */
  children?: number | undefined;
}

/** The `compute:` block. */
export function readCompute(field: Field): ComputeSection | undefined {
  if (!field.expectMapping(['children'])) return undefined;
  const children = field.get('children');
  const count = children?.integer({ minimum: 1 });
  if (count === undefined || count <= MOST_CHILDREN) return { children: count };
  const message = `children is ${count}, and must be at most ${MOST_CHILDREN}`;
  return children?.report({ code: 'recipe/out-of-range', message, hint: 'AWS Batch takes no larger array of jobs' });
}
