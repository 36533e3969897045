import type { OnnxNode } from '../onnx-model.ts';

/** A whole-number attribute. */
export function intAttribute(node: OnnxNode, name: string, fallback: number): number {
  const value = node.attributes.get(name);
  return value?.kind === 'int' ? Number(value.value) : fallback;
}

/** A list of whole numbers; undefined where the node does not have it. */
export function intsAttribute(node: OnnxNode, name: string): number[] | undefined {
  const value = node.attributes.get(name);
  return value?.kind === 'ints' ? value.value.map(Number) : undefined;
}

/** A float attribute. Whole floats are floats too. */
export function floatAttribute(node: OnnxNode, name: string, fallback: number): number {
  const value = node.attributes.get(name);
  return value?.kind === 'float' ? value.value : fallback;
}

/** A text attribute. */
export function textAttribute(node: OnnxNode, name: string, fallback: string): string {
  const value = node.attributes.get(name);
  return value?.kind === 'string' ? Buffer.from(value.value).toString() : fallback;
}

/** An axis counted from the front. */
export function frontAxis(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis;
}
