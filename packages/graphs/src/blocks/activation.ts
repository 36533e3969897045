import { didYouMean, GraphError, type ModelDescription } from '@hubfuse/plugin';
import type { GraphBuilder, Value } from '../graph-builder.ts';
import { ElementType } from '../onnx-model.ts';

/** Emits an activation; `name` is the module's name, for the few activations with weights of their own. */
type Activation = (builder: GraphBuilder, input: Value, name: string) => Value;

const gelu: Activation = (builder, input) => builder.node('Gelu', [input]);
const geluTanh: Activation = (builder, input) => builder.node('Gelu', [input], { approximate: 'tanh' });
const unary =
  (operator: string): Activation =>
  (builder, input) =>
    builder.node(operator, [input]);

const identity: Activation = (_builder, input) => input;
const leakyRelu: Activation = (builder, input) => builder.node('LeakyRelu', [input], { alpha: { float: 0.01 } });
const relu6: Activation = (builder, input) => builder.node('Clip', [input, builder.scalar(0), builder.scalar(6)]);

const silu: Activation = (builder, input) => builder.node('Mul', [input, builder.node('Sigmoid', [input])]);

/** x sigmoid(1.702 x) */
const quickGelu: Activation = (builder, input) => {
  const gate = builder.node('Sigmoid', [builder.node('Mul', [input, builder.scalar(1.702)])]);
  return builder.node('Mul', [input, gate]);
};

/** The erf form of gelu, cut off at -10 and 10. */
const clippedGelu: Activation = (builder, input) =>
  builder.node('Clip', [gelu(builder, input, ''), builder.scalar(-10), builder.scalar(10)]);

/** (1 + erf((x - mu) / (sigma sqrt 2))) / 2 with mu = 0.707107 and sigma = 0.282095 */
const laplace: Activation = (builder, input) => {
  // biome-ignore lint/suspicious/noApproximativeNumericConstant: transformers rounds 1/sqrt(2) to these digits
  const centred = builder.node('Sub', [input, builder.scalar(0.707107)]);
  const scaled = builder.node('Div', [centred, builder.scalar(0.282095 * Math.SQRT2)]);
  const shifted = builder.node('Add', [builder.node('Erf', [scaled]), builder.scalar(1)]);
  return builder.node('Mul', [shifted, builder.scalar(0.5)]);
};

const reluSquared: Activation = (builder, input) => {
  const positive = builder.node('Relu', [input]);
  return builder.node('Mul', [positive, positive]);
};

const sqrtSoftplus: Activation = (builder, input) => builder.node('Sqrt', [builder.node('Softplus', [input])]);

const prelu: Activation = (builder, input, name) =>
  builder.node('PRelu', [input, builder.weight(`${name}.weight`, [1])]);

/**
 * Where x > 0: alpha_p x^2 + beta x; elsewhere: (expm1(min(x, eps)) - x) alpha_n + beta x, with alpha_p = softplus of the
 * stored weight and alpha_n = beta + softplus of the stored weight (arXiv 2411.13010). `beta` and `eps` are buffers.
 * transformers (`XIELUActivation`) holds the four in bfloat16 unless the whole module was cast: where they are stored so, alpha_p and
 * alpha_n are rounded before they meet the float32 input.
 */
const xielu: Activation = (builder, input, name) => {
  const isCoarse = builder.storedWeight(`${name}.alpha_p`, [1]).elementType === ElementType.bfloat16;
  const rounded = (value: Value): Value =>
    isCoarse ? builder.widen(builder.node('Cast', [value], { to: ElementType.bfloat16 })) : value;
  const buffer = (key: string, value: number): Value =>
    rounded(builder.has(`${name}.${key}`) ? builder.weight(`${name}.${key}`, []) : builder.scalar(value));
  const beta = buffer('beta', 0.5);
  const eps = buffer('eps', -1e-6);
  const softplus = (key: string): Value => rounded(builder.node('Softplus', [builder.weight(`${name}.${key}`, [1])]));
  const alphaNegative = rounded(builder.node('Add', [beta, softplus('alpha_n')]));
  const quadratic = builder.node('Mul', [builder.node('Mul', [softplus('alpha_p'), input]), input]);
  const exponential = builder.node('Exp', [builder.node('Min', [input, eps])]);
  const decay = builder.node('Sub', [builder.node('Sub', [exponential, builder.scalar(1)]), input]);
  const positive = builder.node('Greater', [input, builder.scalar(0)]);
  const curved = builder.node('Where', [positive, quadratic, builder.node('Mul', [decay, alphaNegative])]);
  return builder.node('Add', [curved, builder.node('Mul', [beta, input])]);
};

/** Every name of `ACT2FN` in transformers 5 (activations.py). */
const ACTIVATIONS = {
  gelu,
  gelu_10: clippedGelu,
  gelu_accurate: geluTanh,
  gelu_fast: geluTanh,
  gelu_new: geluTanh,
  gelu_python: gelu,
  gelu_python_tanh: geluTanh,
  gelu_pytorch_tanh: geluTanh,
  hardswish: unary('HardSwish'),
  laplace,
  leaky_relu: leakyRelu,
  linear: identity,
  mish: unary('Mish'),
  prelu,
  quick_gelu: quickGelu,
  relu: unary('Relu'),
  relu2: reluSquared,
  relu6,
  sigmoid: unary('Sigmoid'),
  silu,
  sqrtsoftplus: sqrtSoftplus,
  swish: silu,
  tanh: unary('Tanh'),
  xielu,
} satisfies Readonly<Record<string, Activation>>;

/** A name that `ACT2FN` knows. */
export type ActivationName = keyof typeof ACTIVATIONS;

export const ACTIVATION_NAMES = Object.keys(ACTIVATIONS) as ActivationName[];

/** @throws GraphError for a name that transformers does not know. */
export function activationName(name: string, where?: string): ActivationName {
  if (Object.hasOwn(ACTIVATIONS, name)) return name as ActivationName;
  throw new GraphError({
    code: 'graph/activation',
    where,
    message: `"${name}" is no activation of transformers`,
    hint: didYouMean(name, Object.keys(ACTIVATIONS)),
  });
}

/** The activation that config.json names under `key`. @throws GraphError for a name that transformers does not know. */
export function configuredActivation(model: ModelDescription, key: string, fallback: string): ActivationName {
  const name = model.config[key] === undefined ? fallback : model.config[key];
  return activationName(typeof name === 'string' ? name : JSON.stringify(name), `config.json, ${key}`);
}

/** Emits an activation. `module` is the name of its module, under which `prelu` and `xielu` keep weights. */
export function activation(builder: GraphBuilder, name: ActivationName, input: Value, module: string): Value {
  return ACTIVATIONS[name](builder, input, module);
}
