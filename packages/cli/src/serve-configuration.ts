import { didYouMean } from '@hubfuse/plugin';

/** `serve` of the configuration: what the options of `hubfuse serve` say, where they are absent. */
export interface ServeConfiguration {
  /** Address that is told how runs end. */
  notify?: string;
  /** Whether the end of a run is commented on its pull request. Default true. */
  comments?: boolean;
  /** Days after which a run that has ended is deleted. */
  keepDays?: number;
  /** Runs that have ended and are kept. */
  keepRuns?: number;
  /** Seconds that a server takes to stop. */
  drain?: number;
  /** Requests a second of one key or address. */
  rate?: number;
  /** Addresses in S3 below which runs may publish. */
  s3?: readonly string[];
}

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
const isPositive = (value: unknown): boolean => isCount(value) && value !== 0;
const isText = (value: unknown): boolean => typeof value === 'string';

const FORMS: Record<keyof ServeConfiguration, { holds: (value: unknown) => boolean; what: string }> = {
  notify: { holds: isText, what: 'a URL' },
  comments: { holds: (value) => typeof value === 'boolean', what: 'true or false' },
  keepDays: { holds: isPositive, what: 'a number of days' },
  keepRuns: { holds: isCount, what: 'a number of runs' },
  drain: { holds: isCount, what: 'a number of seconds' },
  rate: { holds: isPositive, what: 'a number of requests a second' },
  s3: { holds: (value) => Array.isArray(value) && value.every(isText), what: 'a list of addresses in S3' },
};

/** Reads the section. @param refuse makes the error of a message and a hint */
export function readServeConfiguration(
  value: unknown,
  refuse: (message: string, hint?: string) => Error,
): ServeConfiguration {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw refuse('"serve" must be an object');
  for (const [name, given] of Object.entries(value)) {
    const form = (FORMS as Record<string, (typeof FORMS)['notify'] | undefined>)[name];
    if (form === undefined) throw refuse(`the key "serve.${name}" is unknown`, didYouMean(name, Object.keys(FORMS)));
    if (!form.holds(given)) throw refuse(`"serve.${name}" must be ${form.what}`);
  }
  return value as ServeConfiguration;
}
