import { expect, test } from 'vitest';
import { scoredBy } from './search-summary.ts';

test('every processor that scored is named, in the order of the search', () => {
  const on = (processor: string) => ({ processor, provider: 'cpu', onnxruntime: '1.0', platform: 'linux' });
  const name = ({ processor }: { processor: string }) => processor;
  expect(scoredBy({ environment: on('A') }, name)).toBe('A');
  expect(scoredBy({ environment: on('A'), otherEnvironments: [on('B'), on('C')] }, name)).toBe('A; then B; then C');
});
