import { expect, test } from 'vitest';
import type { Output } from './output.ts';
import { showRun } from './run-view.ts';

test('a warning names what it is about, once', () => {
  const warnings: string[] = [];
  const { onEvent } = showRun({ json: false, warn: (text: string) => warnings.push(text) } as unknown as Output);
  const warn = (message: string, where?: string) =>
    onEvent({ type: 'warning', code: 'merge/x', message, ...(where === undefined ? {} : { where }) } as never);
  warn('no unique solution (residual 6.2e-2)', 'layer.0.value.weight');
  warn('layer.0.value.weight is averaged', 'layer.0.value.weight');
  warn('no licence');
  expect(warnings).toEqual([
    'layer.0.value.weight: no unique solution (residual 6.2e-2)',
    'layer.0.value.weight is averaged',
    'no licence',
  ]);
});
