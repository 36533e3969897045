/**
 * Keeps onnxruntime from sending telemetry. It reads the process's environment, of which a worker thread only has a
 * copy: to be called in the main thread before a worker loads it.
 */
export function disableTelemetry(): void {
  process.env.ORT_DISABLE_TELEMETRY = '1';
}
