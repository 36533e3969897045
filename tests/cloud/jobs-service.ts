import { fileURLToPath } from 'node:url';
import {
  type JobsDouble,
  type JobsDoubleOptions,
  startJobsDouble,
} from '../../packages/cloud/test/jobs-double/server.ts';

/** What the worker's image holds is run from this checkout. */
const PROGRAMS = {
  '/usr/local/bin/node': process.execPath,
  '/opt/hubfuse/node_modules/hubfuse/bin/hubfuse.js': fileURLToPath(
    new URL('../../packages/cli/bin/hubfuse.js', import.meta.url),
  ),
};

/** Hugging Face Jobs for the account of the examples' Hub. */
export function startJobsService(
  options: Pick<JobsDoubleOptions, 'hardware'> & Partial<JobsDoubleOptions>,
): Promise<JobsDouble> {
  return startJobsDouble({
    ...{ token: 'hf_you', programs: PROGRAMS },
    ...options,
    environment: { PATH: process.env.PATH ?? '', ...options.environment },
  });
}
