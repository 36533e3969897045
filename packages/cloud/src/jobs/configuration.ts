import { UsageError } from '@hubfuse/plugin';

export interface JobsConfiguration {
  /** User or organisation whose jobs they are. */
  namespace: string;
  /** Image of the worker, which scores on processors. */
  image: string;
  /** Image of the worker that scores on a GPU. Without one no machine is taken for its GPU. */
  gpuImage?: string;
  /** Flavors that may be chosen. Default: all that the Hub offers. */
  flavors?: readonly string[];
  /** Address of the API of Jobs, where it is not the Hub of the run. */
  endpoint?: string;
  /** Seconds after which the Hub ends a job. */
  timeoutSeconds: number;
}

const DAY = 86_400;

/** Reads the JSON of `HUBFUSE_JOBS`. @throws UsageError `usage/jobs-configuration` */
export function parseJobsConfiguration(text: string | undefined): JobsConfiguration {
  if (text === undefined) throw unusable('is not set', 'set {"namespace": "me", "image": "..."}: docs/deploy.md');
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (cause) {
    throw unusable(`is no JSON: ${(cause as Error).message}`, undefined, cause);
  }
  const {
    namespace,
    image,
    gpuImage,
    flavors,
    endpoint,
    timeoutSeconds = DAY,
  } = (content ?? {}) as Record<string, unknown>;
  if (typeof namespace !== 'string' || namespace === '') throw unusable('names no namespace');
  if (typeof image !== 'string' || image === '') throw unusable('names no image');
  if (gpuImage !== undefined && (typeof gpuImage !== 'string' || gpuImage === '')) {
    throw unusable('has a gpuImage that is no image');
  }
  if (typeof timeoutSeconds !== 'number' || timeoutSeconds <= 0) throw unusable('needs a positive timeoutSeconds');
  if (endpoint !== undefined && typeof endpoint !== 'string') throw unusable('has an endpoint that is no address');
  const common = {
    ...{ namespace, image, timeoutSeconds },
    ...(gpuImage === undefined ? {} : { gpuImage }),
    ...(endpoint === undefined ? {} : { endpoint }),
  };
  if (flavors === undefined) return common;
  if (!Array.isArray(flavors) || !flavors.every((flavor) => typeof flavor === 'string')) {
    throw unusable('needs a list of names in flavors');
  }
  return { ...common, flavors };
}

function unusable(message: string, hint?: string, cause?: unknown): UsageError {
  return new UsageError({ code: 'usage/jobs-configuration', where: 'HUBFUSE_JOBS', message, hint, cause });
}
