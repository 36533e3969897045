import { parentPort, workerData } from 'node:worker_threads';
import type { GraphRun, GraphTensor } from './run-graph.ts';

// Runs in a worker thread of its own: onnxruntime blocks the thread that it runs in.

type Runtime = typeof import('onnxruntime-node');

async function run(ort: Runtime, { model, sessionOptions, feeds }: GraphRun): Promise<Record<string, GraphTensor>[]> {
  const session = await ort.InferenceSession.create(model, { logSeverityLevel: 3, ...sessionOptions });
  try {
    const inputs = new Set(session.inputNames);
    const results: Record<string, GraphTensor>[] = [];
    for (const feed of feeds) {
      const tensors = Object.entries(feed)
        .filter(([name]) => inputs.has(name))
        .map(([name, { data, dimensions }]) => [name, tensorOf(ort, data, dimensions)] as const);
      const outputs = await session.run(Object.fromEntries(tensors));
      results.push(
        Object.fromEntries(
          Object.entries(outputs).map(([name, { data, dims }]) => [
            name,
            { data: data as GraphTensor['data'], dimensions: [...dims] },
          ]),
        ),
      );
    }
    return results;
  } finally {
    await session.release();
  }
}

function tensorOf(ort: Runtime, data: GraphTensor['data'], dimensions: readonly number[]) {
  return data instanceof Float32Array
    ? new ort.Tensor('float32', data, dimensions)
    : new ort.Tensor('int64', data, dimensions);
}

parentPort?.postMessage(await run(await import('onnxruntime-node'), workerData as GraphRun));
