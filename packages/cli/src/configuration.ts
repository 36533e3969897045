import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { didYouMean, UsageError } from '@hubfuse/plugin';
import { readServeConfiguration, type ServeConfiguration } from './serve-configuration.ts';

/** Settings of a project, read from `hubfuse.config.json` in the working directory. */
export interface Configuration {
  /** npm packages and files to load extensions from, files relative to the configuration. */
  plugins: readonly string[];
  /** The Hub that stands in for huggingface.co, where neither `--hub` nor `HF_ENDPOINT` names one. */
  hub?: string;
  /** URL or folder of the store that keeps the runs. Default: `store` below the home of hubfuse. */
  store?: string;
  /** How `hubfuse serve` works. */
  serve?: ServeConfiguration;
}

export const CONFIGURATION_FILE = 'hubfuse.config.json';

/** @throws UsageError where the file is there and cannot be read or says something unknown. */
export async function readConfiguration(directory: string): Promise<Configuration> {
  const path = join(directory, CONFIGURATION_FILE);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { plugins: [] };
    throw unusable(`it cannot be read: ${(error as Error).message}`, error);
  }
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    throw unusable(`it is no JSON: ${(error as Error).message}`, error);
  }
  return validate(content);
}

function validate(content: unknown): Configuration {
  if (typeof content !== 'object' || content === null || Array.isArray(content)) throw unusable('it is no JSON object');
  const { plugins = [], hub, store, serve, ...rest } = content as Record<string, unknown>;
  const unknown = Object.keys(rest)[0];
  if (unknown !== undefined) {
    throw unusable(
      `the key "${unknown}" is unknown`,
      undefined,
      didYouMean(unknown, ['plugins', 'hub', 'store', 'serve']),
    );
  }
  if (!Array.isArray(plugins) || !plugins.every((plugin): plugin is string => typeof plugin === 'string')) {
    throw unusable('"plugins" must be a list of package names and files');
  }
  if (hub !== undefined && typeof hub !== 'string') throw unusable('"hub" must be a URL');
  if (store !== undefined && typeof store !== 'string') throw unusable('"store" must be a URL or a folder');
  const serving =
    serve === undefined ? undefined : readServeConfiguration(serve, (why, hint) => unusable(why, undefined, hint));
  return {
    plugins,
    ...(hub ? { hub } : {}),
    ...(store ? { store } : {}),
    ...(serving === undefined ? {} : { serve: serving }),
  };
}

function unusable(message: string, cause?: unknown, hint?: string): UsageError {
  return new UsageError({ code: 'usage/configuration', where: CONFIGURATION_FILE, message, hint, cause });
}
