import { MergeError } from '@hubfuse/plugin';
import type { StoredTensor } from '@hubfuse/tensors';
import type { AlignedTensor } from './align.ts';
import { layerCounts } from './layers.ts';
import { classOf, modelTypeOf, type PlacedInput } from './merge-input.ts';

/** Differing shapes that a message lists. */
const LISTED = 6;

/** @throws MergeError where a model's files hold no weights at all */
export function checkContents(inputs: readonly PlacedInput[]): void {
  const empty = inputs.find(({ checkpoint }) => checkpoint.tensors.size === 0);
  if (empty === undefined) return;
  throw new MergeError({
    code: 'merge/no-tensors',
    where: empty.source.name,
    message: 'its weight files hold no tensors: there is nothing to merge',
    hint: `check that ${empty.checkpoint.files.map(({ path }) => path).join(', ')} came over whole, or name another model`,
  });
}

/** @throws MergeError where the models are of different families or depths */
export function checkFamilies(inputs: readonly PlacedInput[]): void {
  const [first, ...others] = inputs;
  if (first === undefined) return;
  for (const other of others) {
    const types = [modelTypeOf(first), modelTypeOf(other)];
    if (types[0] !== types[1] && types[0] !== undefined && types[1] !== undefined) {
      const named = [first, other].map((input) => `${input.source.name} is ${classOf(input) ?? modelTypeOf(input)}`);
      throw new MergeError({
        code: 'merge/different-architectures',
        where: 'models',
        message: `models of different architectures cannot be merged: ${named.join(', ')}`,
        hint: 'merge fine-tunes of one base model',
      });
    }
    checkDepths(first, other);
  }
}

function checkDepths(first: PlacedInput, other: PlacedInput): void {
  const [a, b] = [first, other].map(({ checkpoint }) => depths(checkpoint.tensors.keys()));
  for (const [stack, layers] of a ?? []) {
    const found = b?.get(stack);
    if (found === undefined || found === layers) continue;
    throw new MergeError({
      code: 'merge/different-layer-counts',
      where: 'models',
      message: `${first.source.name} has ${layers} layers, ${other.source.name} has ${found}`,
      hint: 'merge models of equal depth, such as fine-tunes of one base model: layers are merged one by one',
    });
  }
}

/** Layer counts by the last part of the stack's name, which survives differing prefixes. */
function depths(names: Iterable<string>): Map<string, number> {
  return new Map([...layerCounts(names)].map(([stack, layers]) => [stack.split('.').slice(-2).join('.'), layers]));
}

interface Difference {
  canonical: string;
  first: [PlacedInput, StoredTensor];
  other: [PlacedInput, StoredTensor];
}

/** @throws MergeError naming the tensors whose shapes differ and the models they differ in */
export function checkShapes(inputs: readonly PlacedInput[], tensors: readonly AlignedTensor[]): void {
  const differences = tensors.flatMap((tensor) => differenceIn(inputs, tensor) ?? []);
  const [difference] = differences;
  if (difference === undefined) return;
  const sizes = [difference.first, difference.other].map(([input]) => input.config.vocab_size);
  const onlyVocabulary =
    sizes[0] !== sizes[1] &&
    differences.every(({ first: [, a], other: [, b] }) => sameShape(a.shape.slice(1), b.shape.slice(1)));
  if (onlyVocabulary) throw vocabulariesDiffer(difference, sizes);
  const listed = differences.slice(0, LISTED).map(({ canonical, first: [, a], other: [, b] }) => {
    return `${canonical} [${a.shape.join(', ')}] and [${b.shape.join(', ')}]`;
  });
  const more = differences.length > LISTED ? ` and ${differences.length - LISTED} more` : '';
  throw new MergeError({
    code: 'merge/different-shapes',
    where: 'models',
    message: `${difference.first[0].source.name} and ${difference.other[0].source.name} differ in the shape of ${listed.join('; ')}${more}`,
    hint: 'merge fine-tunes of one base model; a model is never left out of a tensor silently',
  });
}

function differenceIn(inputs: readonly PlacedInput[], { canonical, stored }: AlignedTensor): Difference | undefined {
  let first: [PlacedInput, StoredTensor] | undefined;
  for (const input of inputs) {
    const tensor = stored.get(input.index);
    if (tensor === undefined) continue;
    first ??= [input, tensor];
    if (!sameShape(first[1].shape, tensor.shape)) return { canonical, first, other: [input, tensor] };
  }
  return undefined;
}

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, i) => size === b[i]);
}

function vocabulariesDiffer({ canonical, first, other }: Difference, sizes: readonly unknown[]): MergeError {
  return new MergeError({
    code: 'merge/vocabularies-differ',
    where: 'models',
    message:
      `the vocabularies differ (vocab_size): ${first[0].source.name} has ${sizes[0]} tokens, ` +
      `${other[0].source.name} has ${sizes[1]}, so ${canonical} has other rows`,
    hint: 'rows cannot be cropped without losing tokens, and vocabularies are not aligned: merge fine-tunes that share one tokenizer',
  });
}
