import { formatBytes, formatCount, formatDuration } from '../units.ts';

/** How far a piece of work is. */
export interface ProgressStep {
  /** What is being done: `download hubfuse-examples/intents-home`. Another label is another piece of work. */
  label: string;
  /** Which part of it right now: a file, a dataset. It may change as often as it likes. */
  detail?: string;
  done: number;
  /** Absent where it is not known. */
  total?: number;
  unit: 'bytes' | 'examples' | 'steps' | 'candidates';
  /** What else is worth seeing of it, e.g. the best score so far. */
  note?: string;
}

export interface ProgressOptions {
  write(text: string): void;
  /** Columns of the terminal; absent: lines instead of a moving bar. */
  columns?: number;
  /** Milliseconds that only grow. */
  now(): number;
}

const REDRAW_MS = 80;
const LINE_EVERY_MS = 5000;
const BAR_WIDTH = 24;

/**
 * Shows one piece of work at a time: on a terminal a bar that is redrawn in place, elsewhere a line every few seconds
 * and one when it is done.
 */
export class Progress {
  readonly #options: ProgressOptions;
  #current: { step: ProgressStep; startedAt: number; shownAt: number; startedFrom: number } | undefined;
  #drawn = false;

  constructor(options: ProgressOptions) {
    this.#options = options;
  }

  update(step: ProgressStep): void {
    const now = this.#options.now();
    if (this.#current?.step.label !== step.label) {
      this.finish();
      this.#current = { step, startedAt: now, shownAt: now, startedFrom: step.done };
      if (this.#options.columns !== undefined) this.#show(now);
      return;
    }
    this.#current.step = step;
    const interval = this.#options.columns === undefined ? LINE_EVERY_MS : REDRAW_MS;
    if (now - this.#current.shownAt >= interval) this.#show(now);
  }

  /** The current work is over: its last state stays, and the next line begins on its own. */
  finish(): void {
    if (this.#current === undefined) return;
    const now = this.#options.now();
    const { step, startedAt } = this.#current;
    const seconds = (now - startedAt) / 1000;
    // Where only parts are counted, the last part says nothing about the whole.
    const counted = step.done > 0 && (step.detail === undefined || step.unit === 'bytes');
    const amount = counted ? `  ${formatAmount(step.done, step.unit)}` : '';
    this.#write(`${step.label}${amount}  ${formatDuration(seconds)}`, true);
    this.#current = undefined;
  }

  /** Takes the bar away so that something else can be printed; the next update draws it again. */
  clear(): void {
    if (this.#drawn) this.#options.write('\r\x1b[2K');
    this.#drawn = false;
  }

  #show(now: number): void {
    if (this.#current === undefined) return;
    this.#current.shownAt = now;
    const { step, startedAt, startedFrom } = this.#current;
    this.#write(describe(step, (now - startedAt) / 1000, startedFrom, this.#options.columns), false);
  }

  #write(text: string, last: boolean): void {
    const { columns, write } = this.#options;
    if (columns === undefined) {
      write(`${text}\n`);
      return;
    }
    write(`\r\x1b[2K${text.slice(0, columns - 1)}${last ? '\n' : ''}`);
    this.#drawn = !last;
  }
}

function describe(step: ProgressStep, seconds: number, startedFrom: number, columns: number | undefined): string {
  const { done, total, unit } = step;
  const label = step.detail === undefined ? step.label : `${step.label} ${step.detail}`;
  if (total === undefined || total <= 0) return done === 0 ? label : `${label}  ${formatAmount(done, unit)}`;
  const fraction = Math.min(1, Math.max(0, done / total));
  const amount = unit === 'steps' ? '' : `  ${formatAmount(done, unit)} of ${formatAmount(total, unit)}`;
  const note = step.note === undefined ? '' : `  ${step.note}`;
  const percent = `  ${Math.floor(fraction * 100)} %`;
  if (columns === undefined) return `${label}${percent}${amount}${note}`;
  const filled = Math.round(fraction * BAR_WIDTH);
  const bar = `${'━'.repeat(filled)}${'─'.repeat(BAR_WIDTH - filled)}`;
  const whole = step.detail === undefined || unit === 'bytes';
  const speed = whole && seconds > 0.5 ? (done - startedFrom) / seconds : 0;
  const rate = speed > 0 && unit === 'bytes' ? `  ${formatBytes(speed)}/s` : '';
  const left = speed > 0 && done < total ? `  ${formatDuration((total - done) / speed)} left` : '';
  const behind = `${note}${rate}${left}`;
  // What the last parts say is worth more than a second picture of how far it is.
  const layouts = [`${bar} ${label}${percent}${amount}`, `${label}${percent}${amount}`, `${label}${percent}`, label];
  const lines = layouts.map((front) => `${front}${behind}`);
  return lines.find((line) => line.length < columns) ?? `${bar} ${label}${percent}${amount}${behind}`;
}

function formatAmount(amount: number, unit: ProgressStep['unit']): string {
  return unit === 'bytes' ? formatBytes(amount) : formatCount(amount);
}
