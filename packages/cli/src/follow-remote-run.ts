import { UsageError } from '@hubfuse/plugin';
import type { RunCost, RunEvent, RunProgress } from '@hubfuse/runs';
import { EXIT_CODES, exitCodeOf } from './exit-codes.ts';
import type { Output } from './output.ts';
import { describeRunCost, showRun } from './run-view.ts';
import { errorOfProblem, expectJson, type Server } from './server-options.ts';

/**
 * Shows what happens in a run of a server until it has ended. An interruption lets go of the run, which goes on.
 * @returns the exit code that the same merge would have here
 */
export async function followToEnd(options: {
  server: Server;
  id: string;
  output: Output;
  signal: AbortSignal;
}): Promise<number> {
  const { server, id, output, signal } = options;
  const { followRun, ServiceError } = await import('@hubfuse/client');
  const shown = showRun(output);
  try {
    for await (const item of followRun({ url: server.url, key: server.key, id, signal })) {
      if (item.kind === 'progress') shown.onProgress(item.progress as RunProgress);
      else shown.onEvent(item.event as unknown as RunEvent);
    }
  } catch (error) {
    throw error instanceof ServiceError ? errorOfProblem(error.problem) : error;
  }
  if (signal.aborted) {
    output.result({ run: id, detached: true }, () => `let go of the run ${id}, which goes on`);
    return EXIT_CODES.ok.code;
  }
  const run = await expectJson(await server.client.v1.runs[':id'].$get({ param: { id } }));
  if (run.error !== undefined && run.state === 'failed') {
    const { code, message: detail, hint, where } = run.error;
    const problem = { status: 422, title: 'Failed', code, detail };
    const error = errorOfProblem({
      ...problem,
      ...(hint === undefined ? {} : { hint }),
      ...(where === undefined ? {} : { where }),
    });
    output.result({ run }, () => '');
    output.error(error, exitCodeOf(error));
    return exitCodeOf(error);
  }
  output.result({ run }, () => describeEnd(run));
  if (run.state === 'cancelled') return EXIT_CODES.failure.code;
  return run.gate?.met === false && run.published?.length === 0 ? EXIT_CODES.gate.code : EXIT_CODES.ok.code;
}

function describeEnd(run: {
  id: string;
  state: string;
  gate?: { explanation?: unknown } | undefined;
  published?: { url: string; as?: string | undefined }[] | undefined;
  cost?: object | undefined;
}): string {
  const published = run.published ?? [];
  return [
    `run ${run.id}: ${run.state}${run.state === 'done' && published.length === 0 ? ', not published' : ''}`,
    ...(run.gate === undefined ? [] : [`  ${String(run.gate.explanation)}`]),
    ...published.map(
      ({ url, as }) => `  ${as === 'pull_request' ? 'proposed as a pull request' : 'published'}: ${url}`,
    ),
    ...(run.cost === undefined ? [] : [`  ${describeRunCost(run.cost as RunCost)}`]),
  ].join('\n');
}

/** This machine's own token of the Hub. @throws UsageError where there is none */
export async function requireHubToken(): Promise<string> {
  const { hubOptionsFromEnvironment } = await import('@hubfuse/hub');
  const { token } = await hubOptionsFromEnvironment();
  if (token !== undefined) return token;
  throw new UsageError({
    code: 'usage/no-token',
    message: 'there is no token of the Hub to send along',
    hint: 'set HF_TOKEN, or run `hf auth login`',
  });
}
