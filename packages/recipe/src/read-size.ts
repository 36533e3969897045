import { parseSize } from '@hubfuse/plugin';
import type { Field } from './fields.ts';

/** Bytes of a size: `8GiB`, `500 MB`, `1000000`. */
export function readSize(field: Field): number | undefined {
  const text = field.text('a size such as 8GiB');
  if (text === undefined) return undefined;
  const bytes = parseSize(text.replaceAll('_', ''));
  if (bytes !== undefined) return bytes;
  if (/^\s*[+-]?[0.]+\s*[a-z]*\s*$/i.test(text) || /^\s*-/.test(text)) {
    const name = field.path.split('.').at(-1) ?? '';
    return field.report({ code: 'recipe/out-of-range', message: `${name} is ${field.shown}, and must be above 0` });
  }
  return field.reportType('a size: bytes, or a number with KB MB GB TB (1000) or KiB MiB GiB TiB (1024)');
}
