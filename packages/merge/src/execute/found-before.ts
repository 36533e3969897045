import type { Group } from '@hubfuse/plugin';

/** What earlier builds have found out about models that have not changed since. */
export interface FoundBefore {
  /**
   * Known entries of each sweep over a group, by model; undefined where a sweep has none.
   * @param tensor index of the tensor that is the group; absent: the whole model
   */
  entries(group: Group, tensor?: number): (readonly unknown[] | undefined)[];
  /** What each sweep came to last over the same group, by model: of individuals that may have changed since. */
  likely(group: Group, tensor?: number): (readonly unknown[] | undefined)[];
  /** Keeps what the sweeps over a group came to. */
  keep(group: Group, results: readonly unknown[], tensor?: number): void;
}
