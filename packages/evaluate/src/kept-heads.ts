import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { EvaluationError } from '@hubfuse/plugin';
import { parseHeader, type StoredTensor } from '@hubfuse/tensors';

/** A head that a merge kept beside its trunk, because its labels are its own. */
export interface KeptHead {
  /** Name of its file without the ending. */
  name: string;
  /** Name of the model that it comes from, as the merge knew it. */
  model?: string;
  labels: readonly string[];
  /** Class of the model that it comes from. */
  className: string;
  /** Its tensors; their file is relative to the folder of the weights. */
  tensors: readonly StoredTensor[];
}

/**
 * The heads in `heads/*.safetensors` of a folder of weights, by name; none where there is no such folder. Each file's
 * metadata holds `labels` (a JSON list in the order of the logits), `class` and `model`.
 * @throws EvaluationError where the metadata lacks them; TensorError where a file is malformed.
 */
export async function readKeptHeads(weights: string): Promise<KeptHead[]> {
  const names = await readdir(join(weights, 'heads')).catch(() => []);
  const files = names.filter((name) => name.endsWith('.safetensors')).sort();
  return Promise.all(files.map((name) => readHead(weights, `heads/${name}`)));
}

async function readHead(weights: string, file: string): Promise<KeptHead> {
  const bytes = await readFile(join(weights, file));
  const { metadata, tensors } = parseHeader(bytes, { file, fileSize: bytes.length });
  const labels = parseLabels(metadata.labels);
  if (labels === undefined || metadata.class === undefined) {
    throw new EvaluationError({
      code: 'evaluate/head-metadata',
      where: join(weights, file),
      message: 'the metadata of a kept head must hold "labels" (a JSON list of names) and "class"',
      hint: 'heads that hubfuse keeps have both: merge again',
    });
  }
  return {
    name: basename(file, '.safetensors'),
    ...(metadata.model === undefined ? {} : { model: metadata.model }),
    labels,
    className: metadata.class,
    tensors,
  };
}

function parseLabels(text: string | undefined): string[] | undefined {
  if (text === undefined) return undefined;
  try {
    const labels: unknown = JSON.parse(text);
    return Array.isArray(labels) && labels.every((label) => typeof label === 'string') ? labels : undefined;
  } catch {
    return undefined;
  }
}
