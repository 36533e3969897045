import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The checkout's command. */
export const BIN = fileURLToPath(new URL('../../packages/cli/bin/hubfuse.js', import.meta.url));

export interface HubfuseResult {
  /** Exit code; null where a signal ended the process. */
  code: number | null;
  stdout: string;
  stderr: string;
  /** Every line of stdout, parsed. Fails where one is no JSON object. */
  lines(): Record<string, unknown>[];
  /** The last line of stdout, parsed. */
  last(): Record<string, unknown>;
}

export interface HubfuseOptions {
  directory?: string;
  /** Added to an environment that holds no token, no cache and no Hub of the person who runs the tests. */
  variables?: Record<string, string>;
  /** Told about the process as soon as it runs, to send it signals. */
  onStart?: (child: ChildProcess) => void;
  /** Another file to run than the checkout's command. */
  bin?: string;
  /** Another Node.js to run it with. */
  node?: string;
}

/** Runs the command as a process of its own. */
export function hubfuse(argv: readonly string[], options: HubfuseOptions = {}): Promise<HubfuseResult> {
  const { PATH, HOME, TMPDIR, HUBFUSE_DEBUG } = process.env;
  const variables = Object.fromEntries(
    Object.entries({ PATH, HOME, TMPDIR, HUBFUSE_DEBUG, ...options.variables }).filter(
      (entry): entry is [string, string] => entry[1] !== undefined,
    ),
  );
  return new Promise((done, fail) => {
    const child = spawn(options.node ?? process.execPath, [options.bin ?? BIN, ...argv], {
      cwd: options.directory,
      env: variables,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.on('error', fail);
    child.on('close', (code) => {
      const lines = () =>
        stdout
          .split('\n')
          .filter((line) => line !== '')
          .map((line) => JSON.parse(line) as Record<string, unknown>);
      done({ code, stdout, stderr, lines, last: () => lines().at(-1) ?? {} });
    });
    options.onStart?.(child);
  });
}
