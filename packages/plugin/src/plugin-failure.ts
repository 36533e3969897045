import { execFile } from 'node:child_process';
import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { PluginError } from './errors.ts';

const NAMES = 'name a file (./my-method.js) or an installed npm package';

/** Why a plugin cannot be loaded, with the place in its text where that is to blame. */
export async function pluginFailure(options: {
  /** As the user names it. */
  specifier: string;
  /** Where it was found; undefined where no package has the name. */
  url: string | undefined;
  cause: unknown;
}): Promise<PluginError> {
  const { specifier, url, cause } = options;
  const file = url === undefined ? undefined : fileURLToPath(url);
  const refuse = (reason: string, details: { where?: string | undefined; hint: string }) =>
    new PluginError({
      code: 'plugin/not-loaded',
      message: `the plugin "${specifier}" cannot be loaded: ${reason}`,
      ...details,
      cause,
    });
  // Further lines are stacks of Node.js's own.
  const reason = cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause);
  if (file === undefined) return refuse(reason, { hint: NAMES });
  if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true) {
    return refuse(`there is no file ${file}`, { hint: NAMES });
  }
  if (cause instanceof SyntaxError) {
    const hint = 'correct its text, or that of a module that it imports: `node --check <file>` shows the place';
    return refuse(reason, { where: await placeOfSyntaxError(file), hint });
  }
  if ((cause as NodeJS.ErrnoException | undefined)?.code === 'ERR_MODULE_NOT_FOUND') {
    const missing = /package '([^']+)'/.exec(reason)?.[1];
    return refuse(reason, {
      hint:
        missing === undefined
          ? 'correct the import'
          : `install ${missing} where the plugin lies: npm install ${missing}`,
    });
  }
  return refuse(reason, { where: placeOfThrow(cause), hint: 'it was found and failed while it was imported' });
}

/** `<file>:<line>`: import() tells no place, `node --check` does. Undefined where the error is in another module. */
function placeOfSyntaxError(file: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(process.execPath, ['--check', file], (_, __, stderr) => {
      const [first = ''] = stderr.split('\n');
      resolve(/:\d+$/.test(first) ? pathOf(first) : undefined);
    });
  });
}

function placeOfThrow(cause: unknown): string | undefined {
  const frame = cause instanceof Error ? /file:\/\/(\S+?:\d+):\d+/.exec(cause.stack ?? '')?.[1] : undefined;
  return frame === undefined ? undefined : pathOf(`file://${frame}`);
}

/** Node.js writes a place as a path or as an address, by the kind of module. */
function pathOf(place: string): string {
  return place.startsWith('file://') ? decodeURIComponent(place.slice('file://'.length)) : place;
}
