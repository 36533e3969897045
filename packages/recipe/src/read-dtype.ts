import { didYouMean } from '@hubfuse/plugin';
import type { Field } from './fields.ts';
import type { OutputDType } from './recipe.ts';

const DTYPES: readonly OutputDType[] = ['float32', 'float16', 'bfloat16'];

/** Names that other programs use. */
const ALIASES: Readonly<Record<string, OutputDType>> = {
  fp32: 'float32',
  f32: 'float32',
  float: 'float32',
  single: 'float32',
  fp16: 'float16',
  f16: 'float16',
  half: 'float16',
  bf16: 'bfloat16',
};

/** `dtype` and `out_dtype`: the precision of the output, with or without `torch.` in front. */
export function readDType(field: Field | undefined): OutputDType | undefined {
  const text = field?.text('a precision');
  if (field === undefined || text === undefined) return undefined;
  const name = text.replace(/^torch\./, '');
  const dtype = DTYPES.find((candidate) => candidate === name);
  if (dtype !== undefined) return dtype;
  if (/^(u?int\d*|long|short|bool)$/i.test(name)) {
    return field.report({
      code: 'recipe/unknown-dtype',
      message: `weights cannot be merged in the integer type ${name}`,
      hint: `choose ${DTYPES.join(', ')}`,
    });
  }
  const alias = Object.hasOwn(ALIASES, name.toLowerCase()) ? ALIASES[name.toLowerCase()] : undefined;
  return field.report({
    code: 'recipe/unknown-dtype',
    message: `there is no precision "${text}" to write weights in`,
    hint: alias === undefined ? didYouMean(name, DTYPES) : `did you mean ${alias}?`,
  });
}
