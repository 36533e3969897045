import { createRequire } from 'node:module';
import { EvaluationError } from '@hubfuse/plugin';

/** Optional dependencies: npm goes on without them where onnxruntime-node's install script fails. */
const PACKAGES = ['@huggingface/transformers', 'onnxruntime-node'];

/**
 * Says early that scoring is not installed.
 * @throws EvaluationError `evaluate/not-installed` naming the package that is missing
 */
export function requireRuntime(): void {
  const { resolve } = createRequire(import.meta.url);
  for (const name of PACKAGES) {
    try {
      resolve(name);
    } catch (cause) {
      throw new EvaluationError({
        code: 'evaluate/not-installed',
        message: `scoring needs the package ${name}, which is not installed`,
        hint: "install again with ONNXRUNTIME_NODE_INSTALL=skip set: onnxruntime-node's install script could not reach its network",
        cause,
      });
    }
  }
}
