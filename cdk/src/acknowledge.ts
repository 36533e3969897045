import { Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/** Says why a finding of cdk-nag is meant. `details` are what the finding names in brackets; absent: it names nothing. */
export function acknowledge(scope: IConstruct, rule: string, reason: string, details?: readonly string[]): void {
  const ids = details === undefined ? [rule] : details.map((detail) => `${rule}[${detail}]`);
  Validations.of(scope).acknowledge(...ids.map((id) => ({ id, reason })));
}
