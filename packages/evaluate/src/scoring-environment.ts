import { createRequire } from 'node:module';
import type { Device } from '@hubfuse/plugin';
import { processorName } from './environment.ts';
import type { ScoringEnvironment } from './scores.ts';

/** Where this process computes scores. @param device Default `cpu`. */
export function scoringEnvironment(device: Device = 'cpu'): ScoringEnvironment {
  const { version } = createRequire(import.meta.url)('onnxruntime-node/package.json') as { version: string };
  return {
    provider: device,
    processor: processorName(device),
    platform: `${process.platform}-${process.arch}`,
    onnxruntime: version,
  };
}
