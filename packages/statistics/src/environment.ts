/** onnxruntime's library reads this from the process when it is loaded. */
export function disableTelemetry(): void {
  process.env.ORT_DISABLE_TELEMETRY = '1';
}
