import { expect, test } from 'vitest';
import { withExternalData } from './transformers-js-config.ts';

const KEY = 'transformers.js_config';

test('a config that says nothing is left as it is where there are no data files', () => {
  const config = { model_type: 'bert' };
  expect(withExternalData(config, 0)).toBe(config);
});

test('data files are announced, and what else the config says is kept', () => {
  const config = { model_type: 'bert', [KEY]: { free_dimension_overrides: { batch_size: 1 } } };
  expect(withExternalData(config, 3)).toEqual({
    model_type: 'bert',
    [KEY]: { free_dimension_overrides: { batch_size: 1 }, use_external_data_format: { 'model.onnx': 3 } },
  });
});

test('files that another model had are not announced', () => {
  const stale = { dtype: 'q8', use_external_data_format: true, device_config: { wasm: { dtype: 'q4' } } };
  expect(withExternalData({ model_type: 'bert', [KEY]: stale }, 0)).toEqual({ model_type: 'bert' });
});
