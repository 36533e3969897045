import { expect, test } from 'vitest';
import { parseBatchConfiguration } from './configuration.ts';

const queue = {
  ...{ name: 'q', jobDefinition: 'd', vcpus: 4, memory: 1e9, scratch: 1e9 },
  instanceTypes: ['g6.xlarge'],
};

test('what the stack writes is read', () => {
  const gpu = { family: 'g6', count: 1, memory: 24e9 };
  const text = JSON.stringify({ queues: [queue, { ...queue, gpu }], logGroup: '/own' });
  expect(parseBatchConfiguration(text)).toEqual({ queues: [queue, { ...queue, gpu }], logGroup: '/own' });
  expect(parseBatchConfiguration(JSON.stringify({ queues: [queue] })).logGroup).toBe('/aws/batch/job');
});

test.each([
  [undefined, 'is not set'],
  ['{', 'is no JSON'],
  ['{"queues": []}', 'declares no queues'],
  [JSON.stringify({ queues: [{ ...queue, memory: '8 GiB' }] }), 'queues[0].memory'],
  [JSON.stringify({ queues: [{ ...queue, instanceTypes: 'g6.xlarge' }] }), 'queues[0].instanceTypes'],
  [JSON.stringify({ queues: [{ ...queue, gpu: { family: 'g6', count: 0, memory: 1 } }] }), 'queues[0].gpu.count'],
])('a configuration that cannot be meant is refused by the place that is wrong', (text, message) => {
  expect(() => parseBatchConfiguration(text)).toThrow(message);
});
