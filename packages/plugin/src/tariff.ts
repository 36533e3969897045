/** One price of a provider. A price without both a source and a date is unverified, and so is every sum that it enters. */
export interface Price {
  /** What is paid for: `g6.xlarge, Linux, on demand`. */
  what: string;
  usd: number;
  per: 'hour' | 'GB' | 'GB-month' | 'month' | '1,000 requests' | 'GB-second';
  /** Where it was read. */
  source?: string;
  /** The day of which the source says it: `2026-08-21`. */
  date?: string;
  /** What a reader should know of it. */
  note?: string;
}

/** A kind of machine, as far as time and money depend on it. */
export interface PricedMachine {
  /** `g6.xlarge`, `l4x1`; `this machine`. */
  name: string;
  /** Processors that a merge and its scoring use. */
  vcpus: number;
  /** Bytes per second from and to the Hub. Nobody has measured them on a machine that is rented. */
  networkBytesPerSecond: number;
  /** Seconds that are paid before a worker does anything. */
  startSeconds: number;
}

/** What a run costs on one kind of machine of one launcher. Plain data. */
export interface Tariff {
  /** Name of the launcher. */
  launcher: string;
  machine: PricedMachine;
  /** Such machines that execute a run together, all paid until what they share is done. Default 1. */
  machines?: number;
  /** Seconds that are paid at least, and in whole multiples of which: 1, or 60. */
  billedSeconds: number;
  /** Absent where nobody knows the machine's price: then nothing is known of what a run costs. */
  machineHour?: Price;
  /** Writing to the store. Absent: nothing is charged. */
  writes?: Price;
  /** What leaves for the Hub. Absent: nothing is charged. */
  sent?: Price;
  /** What the prices leave out or where they are an upper bound. */
  note?: string;
}

export function isVerified({ source, date }: Pick<Price, 'source' | 'date'>): boolean {
  return source !== undefined && date !== undefined;
}

/** What launcher and machine are called that cost nothing. */
export const FREE_LAUNCHER = 'local';
export const FREE_MACHINE = 'this machine';
