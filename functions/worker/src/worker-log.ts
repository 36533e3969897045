import { HubfuseError } from '@hubfuse/plugin';

/** One line of a worker's log, beside its time, level and run. */
export interface LogLine {
  event: string;
  [field: string]: unknown;
}

/** Writes lines for a log collector: one JSON object each, nothing between them. */
export interface WorkerLog {
  info(line: LogLine): void;
  warn(line: LogLine): void;
  error(line: LogLine): void;
}

/** A log whose every line says when, of which run and, in an array job, by which of its children it was written. */
export function workerLog(options: {
  write: (text: string) => unknown;
  /** Put into every line. */
  fields: Readonly<Record<string, string | number>>;
  /** Default: this moment. */
  now?: () => Date;
}): WorkerLog {
  const { write, fields, now = () => new Date() } = options;
  const line = (level: string) => (content: LogLine) => {
    write(`${JSON.stringify({ time: now().toISOString(), level, ...fields, ...content })}\n`);
  };
  return { info: line('info'), warn: line('warn'), error: line('error') };
}

/** The fields of a line that tell of an error. */
export function detailsOf(error: unknown): { code: string; message: string } {
  return error instanceof HubfuseError ? error.toJSON() : { code: 'internal', message: String(error) };
}

/** The address of a store without its settings, which may name what only the operator should see. */
export function withoutQuery(url: string): string {
  return url.replace(/\?.*$/, '');
}
