import type { HubOptions } from '@hubfuse/hub';
import type { Registry } from '@hubfuse/plugin';

/** What merging outside a run works with. Nothing of it changes the result. */
export interface MergingOptions {
  registry: Registry;
  hub: HubOptions;
  /** Folder for scratch files; what is written there is removed again. */
  workspace: string;
  /** Folder that relative paths of local inputs start at. Default: the working directory. */
  workingDirectory?: string | undefined;
  /** Worker threads. Default: the processors available. */
  workers?: number | undefined;
  /** Bytes that a merge may use, and the weights of models that are scored. Default: the merge's own. */
  memory?: number | undefined;
  signal?: AbortSignal | undefined;
}
