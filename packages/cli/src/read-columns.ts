import { UsageError } from '@hubfuse/plugin';

/** What names the column of a role on the command line, for hints. */
export function columnSetting(role: string): string {
  return `--column ${role}=<column>`;
}

/** The columns that `--column role=name` gives, by role. @throws UsageError for a role that the task does not have */
export function readColumns(given: readonly string[], roles: readonly string[]): Record<string, string> {
  const columns: Record<string, string> = {};
  for (const text of given) {
    const [, role = '', name = ''] = /^([^=]+)=(.+)$/.exec(text) ?? [];
    if (!roles.includes(role)) {
      throw new UsageError({
        code: 'usage/bad-column',
        message: `--column must be role=name, not "${text}"`,
        hint: `the roles of this task are ${roles.join(' and ')}`,
      });
    }
    columns[role] = name;
  }
  return columns;
}
