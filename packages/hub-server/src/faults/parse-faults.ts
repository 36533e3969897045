import { HubError } from '@hubfuse/plugin';
import type { Fault } from './fault.ts';

/** Fields of each kind: whether it must be there. All are numbers, except where told below. */
const FIELDS: Readonly<Record<Fault['kind'], Readonly<Record<string, 'required' | 'optional'>>>> = {
  status: { status: 'required', retryAfterSeconds: 'optional', rateLimit: 'optional' },
  cut: { afterBytes: 'required' },
  flip: { byte: 'required' },
  slow: { delayMs: 'optional', bytesPerSecond: 'optional' },
  'cut-request': { afterBytes: 'required' },
  'lose-reply': {},
};

const COMMON = ['kind', 'method', 'path', 'skip', 'times'];

/** Checks faults that came from outside. @throws HubError `hub-server/bad-fault` naming the field. */
export function parseFaults(value: unknown): Fault[] {
  if (!Array.isArray(value)) throw badFault('faults must be a list');
  return value.map((item, index) => parseFault(item, `fault ${index}`));
}

function parseFault(value: unknown, where: string): Fault {
  if (typeof value !== 'object' || value === null) throw badFault(`${where} is no object`);
  const fault = value as Record<string, unknown>;
  const kind = String(fault.kind);
  if (!Object.hasOwn(FIELDS, kind)) {
    throw badFault(`${where}: kind is "${kind}", not one of ${Object.keys(FIELDS).join(', ')}`);
  }
  const fields = FIELDS[kind as Fault['kind']];
  for (const name of Object.keys(fault)) {
    if (!COMMON.includes(name) && !Object.hasOwn(fields, name)) throw badFault(`${where}: "${kind}" has no "${name}"`);
  }
  for (const [name, need] of Object.entries(fields)) {
    if (name === 'rateLimit') checkRateLimit(fault.rateLimit, where);
    else if (fault[name] !== undefined || need === 'required') checkCount(fault[name], `${where}: ${name}`);
  }
  if (kind === 'status' && (Number(fault.status) < 200 || Number(fault.status) > 599)) {
    throw badFault(`${where}: status must be between 200 and 599`);
  }
  if (fault.skip !== undefined) checkCount(fault.skip, `${where}: skip`);
  if (fault.times !== undefined) checkCount(fault.times, `${where}: times`);
  if (fault.method !== undefined && typeof fault.method !== 'string') throw badFault(`${where}: method is no string`);
  checkPattern(fault.path, where);
  return fault as unknown as Fault;
}

function checkCount(value: unknown, what: string): void {
  if (!Number.isSafeInteger(value) || Number(value) < 0) throw badFault(`${what} must be a whole number from 0 up`);
}

function checkRateLimit(value: unknown, where: string): void {
  if (value === undefined) return;
  const { remaining, resetSeconds } = (value ?? {}) as Record<string, unknown>;
  checkCount(remaining, `${where}: rateLimit.remaining`);
  checkCount(resetSeconds, `${where}: rateLimit.resetSeconds`);
}

function checkPattern(value: unknown, where: string): void {
  if (value === undefined) return;
  try {
    if (typeof value === 'string') new RegExp(value);
    else throw new SyntaxError('it is no string');
  } catch (cause) {
    throw badFault(`${where}: path is no regular expression: ${(cause as Error).message}`);
  }
}

function badFault(message: string): HubError {
  return new HubError({ code: 'hub-server/bad-fault', message });
}
