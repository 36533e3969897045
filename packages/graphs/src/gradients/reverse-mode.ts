import { GraphError } from '@hubfuse/plugin';
import type { GraphBuilder, Value } from '../graph-builder.ts';
import type { OnnxGraph, OnnxNode } from '../onnx-model.ts';
import type { OperatorRule, ValueFacts } from './rule.ts';
import type { OperatorRules } from './rules.ts';
import { sumToShape } from './sum-to-shape.ts';
import { inferFacts } from './value-facts.ts';

export interface ReverseModeOptions {
  /** The value that is differentiated, of any shape. */
  of: Value;
  /** Its cotangent, of the same shape: what each of its elements counts for. Taken as a constant. */
  seed: Value;
  /** Names of the initializers or inputs whose gradients are wanted. */
  with: Iterable<string>;
  rules: OperatorRules;
}

/**
 * Appends the nodes of reverse-mode differentiation: the gradient of `sum(of * seed)` with respect to each name, in
 * float32 and in the shape of what it belongs to. A name on which `of` does not depend is absent from the result.
 * @throws GraphError that names the operator, where a gradient would have to flow through one without a rule
 */
export function reverseMode(builder: GraphBuilder, options: ReverseModeOptions): ReadonlyMap<string, Value> {
  const graph = builder.finish();
  const wanted = new Set(options.with);
  const nodes = [...graph.nodes];
  const active = activeValues(nodes, { wanted, of: options.of.name, rules: options.rules });
  const tape = new Tape(builder, { graph, rules: options.rules, active });
  tape.add(options.of.name, options.seed);
  for (const node of nodes.reverse()) tape.step(node);
  const gradients = new Map<string, Value>();
  for (const name of wanted) {
    const gradient = tape.gradient(name);
    if (gradient !== undefined) gradients.set(name, gradient);
  }
  return gradients;
}

/** Values that depend on something wanted and that `of` depends on. */
function activeValues(
  nodes: readonly OnnxNode[],
  options: { wanted: ReadonlySet<string>; of: string; rules: OperatorRules },
): ReadonlySet<string> {
  const dependent = new Set(options.wanted);
  for (const node of nodes) {
    if (!node.inputs.some((name) => dependent.has(name))) continue;
    const rule = ruleOf(node, options.rules);
    // An operator without any rule passes dependence on, so that `step` can name it.
    if (rule === undefined || rule.gradient !== undefined) for (const name of node.outputs) dependent.add(name);
  }
  const needed = new Set([options.of]);
  for (const node of [...nodes].reverse()) {
    if (node.outputs.some((name) => needed.has(name))) for (const name of node.inputs) needed.add(name);
  }
  return new Set([...dependent].filter((name) => needed.has(name)));
}

/** The gradients that have arrived so far, while the nodes are walked from last to first. */
class Tape {
  readonly #builder: GraphBuilder;
  readonly #rules: OperatorRules;
  readonly #active: ReadonlySet<string>;
  readonly #facts: ReadonlyMap<string, ValueFacts>;
  readonly #gradients = new Map<string, Value>();

  constructor(builder: GraphBuilder, options: { graph: OnnxGraph; rules: OperatorRules; active: ReadonlySet<string> }) {
    this.#builder = builder;
    this.#rules = options.rules;
    this.#active = options.active;
    this.#facts = inferFacts(options.graph, options.rules);
  }

  gradient(name: string): Value | undefined {
    return this.#gradients.get(name);
  }

  /** Adds to the gradient of a value. */
  add(name: string, gradient: Value): void {
    if (!this.#active.has(name)) return;
    const sum = this.#gradients.get(name);
    this.#gradients.set(name, sum === undefined ? gradient : this.#builder.node('Add', [sum, gradient]));
  }

  /** Takes the gradient of a node's output to its inputs. */
  step(node: OnnxNode): void {
    const output = node.outputs[0] ?? '';
    const gradient = this.#gradients.get(output);
    if (gradient === undefined || !node.inputs.some((name) => this.#active.has(name))) return;
    const rule = ruleOf(node, this.#rules);
    if (rule?.gradient === undefined) throw withoutRule(node);
    const found = rule.gradient({
      builder: this.#builder,
      node,
      inputs: node.inputs.map((name) => this.#known(node, name)),
      values: node.inputs.map((name) => (name === '' ? undefined : { name })),
      output: { name: output },
      gradient,
    });
    for (const [index, name] of node.inputs.entries()) {
      const value = found[index];
      if (value === undefined || !this.#active.has(name)) continue;
      if (rule.broadcasts !== true) this.add(name, value);
      else {
        const shapes = { from: this.#shape(node, output), to: this.#shape(node, name) };
        this.add(name, sumToShape(this.#builder, value, shapes));
      }
    }
  }

  /** Facts of an input; those that a gradient flows to must be known. */
  #known(node: OnnxNode, name: string): ValueFacts | undefined {
    const facts = this.#facts.get(name);
    if (facts === undefined && this.#active.has(name)) throw withoutShape(node, name);
    return facts;
  }

  #shape(node: OnnxNode, name: string): ValueFacts['shape'] {
    const facts = this.#facts.get(name);
    if (facts === undefined) throw withoutShape(node, name);
    return facts.shape;
  }
}

/** Operators of other domains than ONNX's own have no rules. */
function ruleOf({ operator, domain }: OnnxNode, rules: OperatorRules): OperatorRule | undefined {
  return domain === '' ? rules.get(operator) : undefined;
}

function withoutRule({ operator, name }: OnnxNode): GraphError {
  return new GraphError({
    code: 'graph/no-gradient',
    where: name,
    message: `there is no rule for the gradient of the operator ${operator}`,
    hint: `add packages/graphs/src/gradients/rules/ with a rule for ${operator}`,
  });
}

function withoutShape({ operator, name }: OnnxNode, value: string): GraphError {
  return new GraphError({
    code: 'graph/unknown-shape',
    where: name,
    message: `the shape of "${value}", which ${operator} needs for its gradient, is not known before the graph runs`,
  });
}
