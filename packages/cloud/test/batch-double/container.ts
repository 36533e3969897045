import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, rm } from 'node:fs/promises';

/** How a container ended. Without an exit code its host went away. */
export interface ContainerEnd {
  exitCode?: number;
}

/** A real process in the place of a container, with a disk of its own. */
export class Container {
  readonly ended: Promise<ContainerEnd>;
  readonly #child: ChildProcess;
  #killed: 'host' | 'container' | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** @param options.disk a folder that is made for it, and removed with it */
  static async start(options: {
    command: readonly string[];
    environment: Readonly<Record<string, string>>;
    disk: string;
    onLine: (line: string) => void;
  }): Promise<Container> {
    await mkdir(options.disk, { recursive: true });
    return new Container(options);
  }

  private constructor(options: Parameters<typeof Container.start>[0]) {
    const [file = '', ...argv] = options.command;
    const child = spawn(file, argv, {
      cwd: options.disk,
      env: { ...options.environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) readLines(stream, options.onLine);
    this.ended = new Promise((resolve) => {
      child.on('error', () => resolve({ exitCode: 127 }));
      child.on('close', (code, signal) => {
        clearTimeout(this.#timer);
        const exitCode = code ?? (signal === 'SIGTERM' ? 143 : 137);
        void rm(options.disk, { recursive: true, force: true }).then(() =>
          resolve(this.#killed === 'host' ? {} : { exitCode }),
        );
      });
    });
  }

  get processId(): number | undefined {
    return this.#child.pid;
  }

  /** SIGTERM, and after a while SIGKILL. `host`: it is the machine that goes away. */
  stop(graceMs: number, what: 'host' | 'container'): void {
    this.#child.kill('SIGTERM');
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.kill(what), graceMs);
  }

  /** SIGKILL at once. */
  kill(what: 'host' | 'container'): void {
    this.#killed = what;
    this.#child.kill('SIGKILL');
  }
}

function readLines(stream: NodeJS.ReadableStream | null, onLine: (line: string) => void): void {
  let rest = '';
  stream?.setEncoding('utf8');
  stream?.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line);
  });
  stream?.on('end', () => {
    if (rest !== '') onLine(rest);
  });
}
