import { parentPort, workerData } from 'node:worker_threads';
import { HubfuseError, Registry } from '@hubfuse/plugin';
import { threadSeconds } from '@hubfuse/tensors';
import { encodeExamples } from './encode-examples.ts';
import { disableTelemetry } from './environment.ts';
import type { Request, WorkerError, WorkerMessage, WorkerStart } from './protocol.ts';
import { SessionHost } from './session-host.ts';

disableTelemetry();

const port = parentPort;
if (port === null) throw new Error('score-worker.js is the entry of a worker thread');

const { modules, device } = workerData as WorkerStart;
const ready = prepare();
// A failure is told with every answer; without this it would also end the thread.
ready.catch(() => {});

async function prepare(): Promise<{ registry: Registry; sessions: SessionHost }> {
  const registry = new Registry();
  for (const module of modules) await registry.load(module);
  const { env, LogLevel } = await import('@huggingface/transformers');
  env.allowRemoteModels = false;
  env.logLevel = LogLevel.NONE;
  return { registry, sessions: new SessionHost(device) };
}

async function answer(request: Request): Promise<unknown> {
  const { registry, sessions } = await ready;
  switch (request.kind) {
    case 'load':
      return sessions.load(request);
    case 'release':
      return sessions.release(request.keys);
    case 'encode':
      return encodeExamples(request, registry.get('task', request.task));
    case 'run':
      return sessions.run(request);
  }
}

function describe(cause: unknown): WorkerError {
  if (cause instanceof HubfuseError) return cause.toJSON();
  const message = cause instanceof Error ? cause.message : String(cause);
  return { name: 'EvaluationError', code: 'evaluate/worker-failed', message };
}

port.on('message', ({ id, request }: { id: number; request: Request }) => {
  const began = threadSeconds();
  answer(request)
    .then(
      (reply) => ({ reply }),
      (cause: unknown) => ({ error: describe(cause) }),
    )
    .then((outcome) => port.postMessage({ id, seconds: threadSeconds() - began, ...outcome } satisfies WorkerMessage))
    .catch((cause: unknown) => {
      throw cause;
    });
});
