import { HubfuseError, RecipeError } from '@hubfuse/plugin';
import { Progress, type ProgressStep } from './terminal/progress.ts';
import { createStyle, type Style } from './terminal/style.ts';

/** A stream that the command writes to. */
export interface Stream {
  write(text: string): unknown;
  isTTY?: boolean | undefined;
  columns?: number | undefined;
}

export interface OutputOptions {
  stdout: Stream;
  stderr: Stream;
  json: boolean;
  quiet: boolean;
  noColor: boolean;
  /** Lines instead of a moving bar, even on a terminal. */
  plainProgress: boolean;
  debug: boolean;
}

/**
 * Where everything goes that a user sees. Results go to stdout: as text, or with `--json` as one JSON object per line
 * and nothing else. Progress, notes and warnings go to stderr, and with `--json` become objects on stdout instead.
 */
export class Output {
  readonly style: Style;
  readonly #options: OutputOptions;
  readonly #progress: Progress;

  constructor(options: OutputOptions) {
    this.#options = options;
    this.style = createStyle(!options.noColor && !options.json && options.stdout.isTTY === true);
    const moving = options.stderr.isTTY === true && !options.plainProgress;
    this.#progress = new Progress({
      write: (text) => options.stderr.write(text),
      now: () => performance.now(),
      // A terminal that does not know its width says 0.
      ...(moving ? { columns: options.stderr.columns || 80 } : {}),
    });
  }

  get json(): boolean {
    return this.#options.json;
  }

  /** What the command was called for. `text` is only called where text is shown. */
  result(value: object, text: () => string): void {
    this.#endProgress();
    if (this.json) this.#line({ event: 'result', ...value });
    else {
      const shown = text();
      if (shown !== '') this.#options.stdout.write(`${shown}\n`);
    }
  }

  /** Something that happened on the way: an object with `--json`, a line of text otherwise. */
  event(value: object, text?: string): void {
    if (this.json) {
      if (!this.#options.quiet) this.#line(value);
    } else if (text !== undefined) this.note(text);
  }

  /** Text of a command whose stdout has a format of its own. */
  raw(text: string): void {
    this.#options.stdout.write(text);
  }

  /** How far the work is. */
  progress(step: ProgressStep): void {
    if (!this.#options.quiet && !this.json) this.#progress.update(step);
  }

  /** The piece of work that `progress` showed is over. */
  endProgress(): void {
    this.#endProgress();
  }

  /** A line for people. */
  note(text: string): void {
    this.#endProgress();
    if (!this.#options.quiet && !this.json) this.#options.stderr.write(`${text}\n`);
  }

  /** Something that a person should know; `--quiet` does not hide it. */
  warn(text: string): void {
    this.#endProgress();
    if (this.json) this.#line({ event: 'warning', message: text });
    else this.#options.stderr.write(`${this.style.yellow('warning:')} ${text}\n`);
  }

  /** The command failed. */
  error(error: unknown, exitCode: number): void {
    this.#endProgress();
    const known = error instanceof HubfuseError ? error : undefined;
    const findings = error instanceof RecipeError ? error.findings : [];
    const message = known?.message ?? (error instanceof Error ? error.message : String(error));
    if (this.json) {
      const details = known?.toJSON() ?? { code: 'internal/unexpected', message };
      const all = findings.length > 1 ? { findings: findings.map((finding) => finding.toJSON()) } : {};
      this.#line({ event: 'error', exitCode, ...details, ...all });
    }
    this.#options.stderr.write(`${this.style.red('error:')} ${message}\n`);
    if (this.#options.debug) this.#options.stderr.write(`${describeWithCauses(error)}\n`);
    else if (known === undefined) {
      this.#options.stderr.write('  this is a defect of hubfuse; HUBFUSE_DEBUG=1 shows where it happened\n');
    }
  }

  /** Ctrl-C or SIGTERM ended the command. */
  interrupted(exitCode: number, resumes: boolean): void {
    this.#endProgress();
    const message = resumes ? 'interrupted; the same command resumes where it stopped' : 'interrupted';
    if (this.json) this.#line({ event: 'error', exitCode, code: 'interrupted', message });
    this.#options.stderr.write(`${message}\n`);
  }

  #endProgress(): void {
    if (!this.#options.quiet && !this.json) this.#progress.finish();
  }

  #line(value: object): void {
    this.#options.stdout.write(`${JSON.stringify(value)}\n`);
  }
}

function describeWithCauses(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? '' : `\ncaused by: ${describeWithCauses(error.cause)}`;
  return `${error.stack ?? error.message}${cause}`;
}
