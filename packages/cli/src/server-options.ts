import type { HubfuseClient, Problem } from '@hubfuse/client';
import { HubError, type HubfuseError, RecipeError, RunError, UsageError } from '@hubfuse/plugin';
import type { CommandContext, Options } from './command.ts';

/** Options of commands that speak to a server. */
export const serverOptions = {
  server: {
    type: 'text',
    value: 'url',
    default: 'HUBFUSE_SERVER',
    description: 'address of a server that `hubfuse serve` started',
  },
  key: {
    type: 'text',
    value: 'key',
    default: 'HUBFUSE_KEY',
    description: 'key of the server (hfk_...); one on this machine wants none until one exists',
  },
} as const satisfies Options;

/** A server and who asks it. */
export interface Server {
  url: string;
  key: string | undefined;
  client: HubfuseClient;
  /** Asks what the typed client cannot: bodies that are no JSON, files. */
  request(path: string, init?: RequestInit): Promise<Response>;
}

type ServerContext = Pick<CommandContext, 'environment' | 'signal'> & {
  options: { server?: string | undefined; key?: string | undefined };
};

/** The server that the command line or the environment names; undefined where neither does. */
export async function findServer(context: ServerContext): Promise<Server | undefined> {
  const { options, environment, signal } = context;
  const url = options.server ?? environment.server;
  if (url === undefined) return undefined;
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new UsageError({
      code: 'usage/bad-server',
      message: `"${url}" is not the address of a server`,
      hint: 'give one such as http://127.0.0.1:8080',
    });
  }
  const { createClient } = await import('@hubfuse/client');
  const key = options.key ?? environment.key;
  const reaching: typeof fetch = async (input, init) => {
    try {
      return await fetch(input, { ...init, signal });
    } catch (cause) {
      if (signal.aborted) throw cause;
      throw unreachable(url, cause);
    }
  };
  const base = url.replace(/\/+$/, '');
  const authorization: Record<string, string> = key === undefined ? {} : { authorization: `Bearer ${key}` };
  return {
    url: base,
    key,
    client: createClient({ url, key, fetch: reaching }),
    request: (path, init = {}) =>
      reaching(`${base}${path}`, { ...init, headers: { ...authorization, ...init.headers } }),
  };
}

/** @throws UsageError where no server is named */
export async function requireServer(context: ServerContext): Promise<Server> {
  const server = await findServer(context);
  if (server !== undefined) return server;
  throw new UsageError({
    code: 'usage/no-server',
    message: 'no server is named',
    hint: 'add --server http://127.0.0.1:8080 or set HUBFUSE_SERVER; `hubfuse serve` starts one',
  });
}

/** An answer with what it holds, where it is none of the refusals. */
interface TypedResponse<T> {
  ok: boolean;
  status: number;
  json(): Promise<T>;
  text(): Promise<string>;
}

/** The body of an answer. @throws HubfuseError of what the server refused */
export async function expectJson<T>(response: TypedResponse<T>): Promise<Exclude<T, { instance: string }>> {
  await requireOk(response);
  return (await response.json()) as Exclude<T, { instance: string }>;
}

/** @throws HubfuseError of what the server refused */
export async function requireOk(response: Pick<TypedResponse<unknown>, 'ok' | 'status' | 'text'>): Promise<void> {
  if (response.ok) return;
  const { ServiceError } = await import('@hubfuse/client');
  throw errorOfProblem(ServiceError.of(response.status, await response.text()).problem);
}

/** A refusal of the server as the error that it would be here. */
export function errorOfProblem(problem: Problem): HubfuseError {
  const { code, hint, where, errors = [], status } = problem;
  const message = problem.detail ?? problem.title;
  const area = code.slice(0, code.indexOf('/'));
  if (area === 'recipe') {
    const others = errors
      .slice(1)
      .map(({ detail, ...one }) => new RecipeError({ ...one, where: lineOf(one), message: detail }));
    return new RecipeError({ code, message, hint, where: where ?? problem.pointer, others });
  }
  if (area === 'hub' || area === 'auth' || status >= 500) return new HubError({ code, message, hint, where });
  if (area === 'run') return new RunError({ code, message, hint, where });
  return new UsageError({ code, message, hint, where: where ?? problem.pointer });
}

function lineOf({ line, column, pointer }: { line?: number; column?: number; pointer?: string }): string | undefined {
  return line === undefined ? pointer : `line ${line}:${column ?? 1} ${pointer ?? ''}`.trimEnd();
}

function unreachable(url: string, cause: unknown): HubfuseError {
  const inner = cause instanceof Error && cause.cause instanceof Error ? ` (${cause.cause.message})` : '';
  return new HubError({
    code: 'server/unreachable',
    where: url,
    message: `the server cannot be reached${inner}`,
    hint: 'look for a typing error in the address, and whether `hubfuse serve` runs there',
  });
}
