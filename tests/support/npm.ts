import { spawn } from 'node:child_process';

export interface NpmResult {
  code: number | null;
  output: string;
}

/**
 * Runs npm in a folder as a person would who knows nothing of this project: without the settings that `npm test` hands
 * down to its children.
 */
export function npm(
  argv: readonly string[],
  directory: string,
  variables: Record<string, string> = {},
): Promise<NpmResult> {
  const own = Object.entries(process.env).filter(([name]) => !/^(npm_|ONNXRUNTIME_|INIT_CWD$|NODE_)/i.test(name));
  return new Promise((done, fail) => {
    const child = spawn('npm', ['--no-audit', '--no-fund', '--prefer-offline', ...argv], {
      cwd: directory,
      env: { ...Object.fromEntries(own), ...variables },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const collect = (text: string) => {
      output += text;
    };
    child.stdout.setEncoding('utf8').on('data', collect);
    child.stderr.setEncoding('utf8').on('data', collect);
    child.on('error', fail);
    child.on('close', (code) => done({ code, output }));
  });
}

/** Whether npm failed because there is no registry to be had, which is no fault of this project. */
export function isUnreachable({ code, output }: NpmResult): boolean {
  return (
    code !== 0 &&
    /registry|EAI_AGAIN|ENOTFOUND|ECONNREFUSED|ETIMEDOUT|ERR_SOCKET/i.test(output) &&
    !/nuget/.test(output)
  );
}
