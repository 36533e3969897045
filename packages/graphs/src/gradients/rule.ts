import type { GraphBuilder, Value } from '../graph-builder.ts';
import type { OnnxNode } from '../onnx-model.ts';
import type { Dimension } from './dimension.ts';

/** What is known of a value before the graph runs. */
export interface ValueFacts {
  shape: readonly Dimension[];
  /** The elements of a whole-number vector or scalar: what shapes are computed with. */
  elements?: readonly Dimension[] | undefined;
}

/** A node whose output's facts are asked for. */
export interface KnownNode {
  node: OnnxNode;
  /** By input; undefined for an input that is left out or of which nothing is known. */
  inputs: readonly (ValueFacts | undefined)[];
}

/** A node that a gradient flows back through. */
export interface GradientNode extends KnownNode {
  builder: GraphBuilder;
  /** The node's inputs; undefined for one that is left out. */
  values: readonly (Value | undefined)[];
  /** The node's output: its first one, where it has more. */
  output: Value;
  /** Gradient of the output. */
  gradient: Value;
}

/** What the reverse mode knows of one ONNX operator: one small file in `rules/`, registered by being there. */
export interface OperatorRule {
  /** Name of the operator in ONNX's default domain. */
  operator: string;
  /** What is known of the output; undefined where it cannot be told from the inputs. */
  infer(known: KnownNode): ValueFacts | undefined;
  /**
   * Emits the gradient of each input from that of the output; undefined for an input that has none. Absent for
   * operators with whole numbers or truth values as output: no gradient flows through them.
   */
  gradient?(node: GradientNode): readonly (Value | undefined)[];
  /**
   * The gradients that `gradient` returns have the shape of the output; for inputs that were broadcast, the caller sums
   * them. Default: they have the shape of their input.
   */
  broadcasts?: boolean;
}

/** Checks the type. */
export function defineRule(rule: OperatorRule): OperatorRule {
  return rule;
}
