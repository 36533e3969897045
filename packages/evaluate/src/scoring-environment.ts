import { createRequire } from 'node:module';
import { processorName } from './environment.ts';
import type { ScoringEnvironment } from './scores.ts';

/** Where this process computes scores. */
export function scoringEnvironment(): ScoringEnvironment {
  const { version } = createRequire(import.meta.url)('onnxruntime-node/package.json') as { version: string };
  return {
    provider: 'cpu',
    processor: processorName(),
    platform: `${process.platform}-${process.arch}`,
    onnxruntime: version,
  };
}
