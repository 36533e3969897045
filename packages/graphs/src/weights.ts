import { type Architecture, canonicalTensorName, didYouMean, GraphError } from '@hubfuse/plugin';
import type { StoredTensor } from '@hubfuse/tensors';

type WeightNaming = Pick<Architecture, 'prefix' | 'heads' | 'legacyNames' | 'tied'>;

export interface Weight {
  /** Canonical name. */
  name: string;
  tensor: StoredTensor;
}

/** The tensors of a checkpoint by their canonical names, however the file spells them. */
export class Weights {
  readonly #tensors = new Map<string, StoredTensor>();
  readonly #tied: Readonly<Record<string, string>>;

  /** @throws GraphError where two stored tensors have the same canonical name. */
  constructor(stored: Iterable<StoredTensor>, naming: WeightNaming) {
    this.#tied = naming.tied;
    for (const tensor of stored) {
      const name = canonicalTensorName(tensor.name, naming);
      const other = this.#tensors.get(name);
      if (other !== undefined) {
        throw new GraphError({
          code: 'graph/ambiguous-tensor',
          where: tensor.file,
          message: `the tensors "${other.name}" and "${tensor.name}" are both ${name}`,
          hint: 'keep one of them in the file',
        });
      }
      this.#tensors.set(name, tensor);
    }
  }

  /** The tensor, or the one that it is tied to (either way), or undefined where neither is stored. */
  find(name: string): Weight | undefined {
    const tensor = this.#tensors.get(name);
    if (tensor !== undefined) return { name, tensor };
    for (const [head, target] of Object.entries(this.#tied)) {
      const other = head === name ? target : target === name ? head : undefined;
      const substitute = other === undefined ? undefined : this.#tensors.get(other);
      if (other !== undefined && substitute !== undefined) return { name: other, tensor: substitute };
    }
    return undefined;
  }

  /**
   * The tensor of that name, checked against the shape that the config asks for; `undefined` stands for any size.
   * @throws GraphError where it is missing or has another shape
   */
  get(name: string, shape: readonly (number | undefined)[]): Weight {
    const weight = this.find(name);
    if (weight === undefined) {
      throw new GraphError({
        code: 'graph/missing-tensor',
        message: `the checkpoint has no tensor "${name}"`,
        hint: didYouMean(name, [...this.#tensors.keys()].slice(0, 2000)),
      });
    }
    const { tensor } = weight;
    const matches =
      tensor.shape.length === shape.length &&
      shape.every((size, axis) => size === undefined || size === tensor.shape[axis]);
    if (matches) return weight;
    throw new GraphError({
      code: 'graph/tensor-shape',
      where: tensor.file,
      message: `the tensor "${tensor.name}" has the shape [${tensor.shape.join(', ')}]; config.json asks for [${shape
        .map((size) => size ?? 'any')
        .join(', ')}]`,
      hint: 'use the config.json that belongs to these weights',
    });
  }
}
