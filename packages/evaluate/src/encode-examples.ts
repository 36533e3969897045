import type { EncodedExample, Task } from '@hubfuse/plugin';
import type { EncodeReply, EncodeRequest } from './protocol.ts';
import { PythonLikeTokenizer } from './tokenizer.ts';

/** Tokenizers of this thread, by the request's `tokenizer`. A process scores few families: none is dropped. */
const opened = new Map<string, Promise<PythonLikeTokenizer>>();

/** Tokenises some examples of a dataset. */
export async function encodeExamples(request: EncodeRequest, task: Task): Promise<EncodeReply> {
  const known = opened.get(request.tokenizer);
  const opening = known ?? PythonLikeTokenizer.open(request.folder, request.maxLength);
  opened.set(request.tokenizer, opening);
  const tokenizer = await opening;
  return { ...pack(request.inputs.map((input) => task.encode(input, tokenizer))), padId: tokenizer.padId };
}

function pack(examples: readonly EncodedExample[]): Omit<EncodeReply, 'padId'> {
  const segments = examples.some(({ typeIds }) => typeIds?.some((type) => type !== 0) === true);
  const typeIds = (example: EncodedExample): readonly number[] => example.typeIds ?? example.ids.map(() => 0);
  return {
    lengths: Int32Array.from(examples, ({ ids }) => ids.length),
    ids: Int32Array.from(examples.flatMap(({ ids }) => ids)),
    ...(segments ? { typeIds: Int32Array.from(examples.flatMap(typeIds)) } : {}),
    labelCounts: Int32Array.from(examples, ({ positions }) => positions.length),
    positions: Int32Array.from(examples.flatMap(({ positions }) => positions)),
    cut: Int32Array.from(examples, ({ cut }) => cut),
  };
}
