import { scoringEnvironment } from '@hubfuse/evaluate';
import { toJson } from '@hubfuse/objects';
import { expect, test, vi } from 'vitest';
import { openSearchHelper } from './open-search-helper.ts';

/** What is asked before any model is fetched. */
const opened = (options: { defaultDevice?: 'webgpu'; asks?: 'cuda' }) => {
  const onDeclined = vi.fn();
  const fetched = new Error('it would begin to fetch');
  const plan = {
    recipe: { evaluate: options.asks === undefined ? {} : { device: options.asks } },
    get models(): never {
      throw fetched;
    },
  };
  return {
    onDeclined,
    fetched,
    against: (device: 'cpu' | 'webgpu' | 'cuda') =>
      openSearchHelper({
        ...{ plan, onDeclined, defaultDevice: options.defaultDevice, hub: {} },
        job: toJson({ version: 2, environment: scoringEnvironment(device) }),
      } as unknown as Parameters<typeof openSearchHelper>[0]),
  };
};

test('a child helps with a search on the device that it would score on itself, and declines any other', async () => {
  const here = opened({ defaultDevice: 'webgpu' });
  await expect(here.against('webgpu')).rejects.toBe(here.fetched);
  expect(here.onDeclined).not.toHaveBeenCalled();
  expect(await here.against('cpu')).toBeUndefined();
  expect(here.onDeclined).toHaveBeenCalledWith(expect.stringMatching(/\(cpu\); here is .*\(webgpu\)$/));
  const asked = opened({ defaultDevice: 'webgpu', asks: 'cuda' });
  await expect(asked.against('cuda')).rejects.toBe(asked.fetched);
});
