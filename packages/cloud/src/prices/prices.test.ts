import { isVerified, type Price } from '@hubfuse/plugin';
import { expect, test } from 'vitest';
import { tariffOfQueue } from '../batch/tariff-of-queue.ts';
import { tariffOfFlavor } from '../jobs/tariff-of-flavor.ts';
import { LEAST } from '../requirements.ts';
import * as aws from './aws.ts';
import { FLAVORS } from './hugging-face.ts';

const isPrice = (value: unknown): value is Price => typeof (value as Price)?.usd === 'number';
const prices: Price[] = [
  ...Object.values(aws).filter(isPrice),
  ...[...aws.INSTANCES.values()].map(({ onDemand }) => onDemand),
  ...[...FLAVORS.values()].map(({ price }) => price),
];

test('every price is above zero, and one that counts as verified has an address and a day that has been', () => {
  expect(prices.length).toBeGreaterThan(30);
  for (const price of prices) {
    expect(price.usd, price.what).toBeGreaterThan(0);
    if (!isVerified(price)) continue;
    expect(price.source, price.what).toMatch(/^https:\/\//);
    expect(price.date, price.what).toMatch(/^20\d\d-\d\d-\d\d$/);
    expect(Date.parse(price.date ?? ''), price.what).toBeLessThanOrEqual(Date.now());
  }
  expect(prices.some(isVerified)).toBe(true);
  expect(prices.some((price) => !isVerified(price))).toBe(true);
});

const queue = { name: 'q', jobDefinition: 'd', vcpus: 8, memory: 1e9, scratch: 1e9 };

test('a queue costs the dearest of its machines, and is unpriced where one of them is unknown', () => {
  const both = tariffOfQueue({ ...queue, instanceTypes: ['g6.xlarge', 'g6.2xlarge'] }, LEAST);
  expect(both.machineHour?.usd).toBe(aws.INSTANCES.get('g6.2xlarge')?.onDemand.usd);
  expect(both.machine).toMatchObject({ name: 'g6.xlarge or g6.2xlarge', vcpus: LEAST.vcpus });
  expect(tariffOfQueue({ ...queue, instanceTypes: ['g6.xlarge', 'x9.huge'] }, LEAST).machineHour).toBeUndefined();
  expect(tariffOfQueue(queue, LEAST).machineHour).toBeUndefined();
});

const hardware = { name: 'l4x1', cpu: '8 vCPU', ram: '30 GB', accelerator: null, unitCostUSD: 0.0133333333 };
const hub = 'https://hub.example';
const told = { source: 'https://hub.example/api/jobs/hardware', date: expect.stringMatching(/^20\d\d-\d\d-\d\d$/) };

test('a flavor costs what the Hub says today, by the unit that it says, else what its documentation said', () => {
  const today = tariffOfFlavor({ ...hardware, unitLabel: 'minute' }, hub);
  expect(today).toMatchObject({ machine: { vcpus: 8 }, billedSeconds: 60, machineHour: { usd: 0.8, ...told } });
  expect(tariffOfFlavor(hardware, hub).machineHour).toEqual(FLAVORS.get('l4x1')?.price);
  expect(tariffOfFlavor({ ...hardware, name: 'never-heard-of' }, hub).machineHour).toBeUndefined();
});
