import type { GraphBuilder, Value } from '../graph-builder.ts';
import { ElementType } from '../onnx-model.ts';

/** Rows of an embedding table: `ids` of any shape to [...shape, width]. Only the rows that are looked up are widened. */
export function embedding(
  builder: GraphBuilder,
  ids: Value,
  table: string,
  size: { entries: number; width: number },
): Value {
  const { value, elementType } = builder.storedWeight(table, [size.entries, size.width]);
  const rows = builder.node('Gather', [value, ids]);
  return elementType === ElementType.float32 ? rows : builder.widen(rows);
}

/** The first rows of a table of positions, one per token: [length, width], the same for every sequence. */
export function firstPositions(
  builder: GraphBuilder,
  length: Value,
  table: string,
  size: { entries: number; width: number },
): Value {
  const { value, elementType } = builder.storedWeight(table, [size.entries, size.width]);
  const start = builder.constant('int64', [0]);
  const rows = builder.node('Slice', [value, start, length, start]);
  return elementType === ElementType.float32 ? rows : builder.widen(rows);
}
