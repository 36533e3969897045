type Config = Readonly<Record<string, unknown>>;

/**
 * The config.json that lets transformers.js load `onnx/model.onnx` in float32 with that many data files beside it. A
 * config that comes from another model may announce other files: what it says about precision and external data is
 * replaced. The same object where nothing needs to change.
 */
export function withExternalData(config: Config, dataFiles: number): Config {
  const { 'transformers.js_config': stated, ...rest } = config;
  const before = typeof stated === 'object' && stated !== null ? (stated as Config) : {};
  const { dtype, use_external_data_format, device_config, ...kept } = before;
  const wrong = dtype ?? use_external_data_format ?? device_config;
  if (wrong === undefined && dataFiles === 0) return config;
  const after = dataFiles === 0 ? kept : { ...kept, use_external_data_format: { 'model.onnx': dataFiles } };
  return Object.keys(after).length === 0 ? rest : { ...rest, 'transformers.js_config': after };
}
