import type { MatrixKernels } from './matrix-kernels.ts';
import type { TensorParameters } from './method.ts';

/**
 * The weight of one linear layer y = x W + b, whole and in float64. Matrices are row-major; weights are handled as their
 * transpose, `outputs` rows of `inputs` values, whichever way the models store them.
 */
export interface LinearLayer {
  /** Name of the output tensor. */
  readonly tensor: string;
  /** Width of the layer's input. */
  readonly inputs: number;
  /** Width of its output. */
  readonly outputs: number;
  readonly models: number;
  readonly parameters: TensorParameters;
  readonly matrices: MatrixKernels;
  /** Rows (tokens) that a model's Gram matrix is the mean over; undefined where its file does not say. */
  rows(model: number): number | undefined;
  /** Reads a model's Gram matrix, the mean of x^T x: `inputs` squared values, both triangles. */
  readGram(model: number, into: Float64Array): void;
  /** Reads rows of a model's weight from row `from` on, as many as fill `into`. */
  readWeight(model: number, from: number, into: Float64Array): void;
  /** Working space in the kernels' memory until the layer is done, within what `workspace` asked for. */
  float64(length: number): Float64Array;
  /** Where the merged weight goes: `outputs` rows of `inputs` values. Its contents are undefined before. */
  readonly out: Float64Array;
}

/** What is to be said about one layer. */
export interface LinearReport {
  /** Norm of the equations' error over the norm of their right side. */
  residual: number;
  /** What was done where the equations had no usable solution; empty where all went straight. */
  notes: readonly string[];
}

/** What is known of a layer before values are read. */
export interface LayerOutline extends Pick<LinearLayer, 'tensor' | 'inputs' | 'outputs' | 'parameters'> {
  /** Per model, the rows behind its Gram matrix; undefined where its file does not say. */
  rows: readonly (number | undefined)[];
}

/** How a method merges linear layers whole. */
export interface LinearStep {
  /** Values that `merge` takes from `float64`, in all. */
  workspace(layer: Pick<LinearLayer, 'inputs' | 'outputs' | 'models'>): number;
  /**
   * What a plan should say about the layer, from headers alone.
   * @throws MergeError where its statistics cannot determine it
   */
  check?(layer: LayerOutline): readonly string[];
  /** Fills `layer.out`. */
  merge(layer: LinearLayer): LinearReport | Promise<LinearReport>;
}
