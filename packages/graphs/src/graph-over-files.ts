import { realpath } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { GraphError } from '@hubfuse/plugin';
import { buildGraph, type GraphOptions } from './build-graph.ts';

/** What `InferenceSession.create` of onnxruntime-node takes: the encoded graph and the option that finds its weights. */
export interface OpenableGraph {
  model: Uint8Array;
  sessionOptions: { extra: { session: { model_external_initializers_file_folder_path: string } } };
}

/**
 * Builds the graph of a model whose safetensors files lie in a folder, ready to be opened. onnxruntime refuses external
 * data behind a link that leaves its folder, and a snapshot of the Hugging Face cache is made of such links: so
 * locations are those of the real files, relative to the folder that they share.
 * @param options.folder the folder that the tensors' `file` is relative to
 * @throws GraphError where a file is missing or the graph cannot be built
 */
export async function graphOverFiles(options: GraphOptions & { folder: string }): Promise<OpenableGraph> {
  const files = [...new Set([...options.tensors.values()].map(({ file }) => file))];
  const real = new Map<string, string>();
  for (const file of files) real.set(file, await realFile(options.folder, file));
  const shared = sharedFolder([...real.values()]);
  const model = buildGraph({
    ...options,
    locate: ({ file, offset }) => ({
      location: relative(shared, real.get(file) ?? file)
        .split(sep)
        .join('/'),
      offset,
    }),
  });
  return { model, sessionOptions: { extra: { session: { model_external_initializers_file_folder_path: shared } } } };
}

async function realFile(folder: string, file: string): Promise<string> {
  try {
    return await realpath(join(folder, file));
  } catch (cause) {
    throw new GraphError({
      code: 'graph/missing-weights',
      where: folder,
      message: `the weights ${file} are not there`,
      cause,
    });
  }
}

/** The deepest folder that holds all files. */
function sharedFolder(files: readonly string[]): string {
  let shared = dirname(files[0] ?? sep);
  for (const file of files) {
    while (shared !== dirname(shared) && !file.startsWith(shared + sep)) shared = dirname(shared);
  }
  return shared;
}
