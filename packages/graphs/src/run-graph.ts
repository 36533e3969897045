import { Worker } from 'node:worker_threads';
import { GraphError } from '@hubfuse/plugin';
import { disableTelemetry } from '@hubfuse/tensors';

/** A tensor that goes into or comes out of a session. */
export interface GraphTensor {
  data: Float32Array | BigInt64Array;
  dimensions: number[];
}

/** A session of onnxruntime that is opened, run once per feed, and closed. Plain data (structured clone). */
export interface GraphRun {
  model: Uint8Array;
  /** As `InferenceSession.create` of onnxruntime-node takes them. */
  sessionOptions: Readonly<Record<string, unknown>>;
  /** Inputs by name; names that the graph does not have are left out. */
  feeds: readonly Readonly<Record<string, GraphTensor>>[];
}

/**
 * Runs a graph in a worker thread and returns the outputs of each feed by name.
 * @throws GraphError where onnxruntime refuses the graph or the feed
 */
export async function runGraph(run: GraphRun): Promise<Readonly<Record<string, GraphTensor>>[]> {
  disableTelemetry();
  const worker = new Worker(new URL('./session-worker.js', import.meta.url), { workerData: run });
  try {
    return await new Promise((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
      worker.once('exit', (code) => reject(new Error(`the worker ended with ${code} before it answered`)));
    });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new GraphError({ code: 'graph/runtime', message: `onnxruntime could not run the graph: ${reason}`, cause });
  } finally {
    await worker.terminate();
  }
}
