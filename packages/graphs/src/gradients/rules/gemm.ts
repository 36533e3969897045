import { floatAttribute, intAttribute } from '../attributes.ts';
import { defineRule } from '../rule.ts';
import { sumToShape } from '../sum-to-shape.ts';

/** alpha A' B' + beta C, where A' and B' may be transposed. */
export default defineRule({
  operator: 'Gemm',
  infer: ({ node, inputs: [left, right] }) => {
    const rows = left?.shape[intAttribute(node, 'transA', 0)];
    const columns = right?.shape[1 - intAttribute(node, 'transB', 0)];
    return rows === undefined || columns === undefined ? undefined : { shape: [rows, columns] };
  },
  gradient: ({ builder, node, inputs, values: [left, right, added], gradient }) => {
    const transA = intAttribute(node, 'transA', 0);
    const transB = intAttribute(node, 'transB', 0);
    const alpha = { float: floatAttribute(node, 'alpha', 1) };
    const beta = floatAttribute(node, 'beta', 1);
    const from = [inputs[0]?.shape[transA] ?? 1, inputs[1]?.shape[1 - transB] ?? 1];
    const sum = added && sumToShape(builder, gradient, { from, to: inputs[2]?.shape ?? [] });
    return [
      transA === 0
        ? builder.node('Gemm', [gradient, right], { alpha, transB: 1 - transB })
        : builder.node('Gemm', [right, gradient], { alpha, transA: transB, transB: 1 }),
      transB === 0
        ? builder.node('Gemm', [left, gradient], { alpha, transA: 1 - transA })
        : builder.node('Gemm', [gradient, left], { alpha, transA: 1, transB: transA }),
      sum && (beta === 1 ? sum : builder.node('Mul', [sum, builder.scalar(beta)])),
    ];
  },
});
