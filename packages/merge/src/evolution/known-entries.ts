import { createHash } from 'node:crypto';
import type { Group, MethodProgram } from '@hubfuse/plugin';
import type { FoundBefore } from '../execute/found-before.ts';
import type { Build } from '../execute/open-builder.ts';
import type { MergePlan } from '../plan/merge-plan.ts';
import type { Genealogy } from './genealogy.ts';
import { lineageOf } from './lineage.ts';

/** Builds after which an entry that none of them needed is forgotten. */
const BUILDS = 6;

interface Entry {
  value: unknown;
  /** Number of the last build that needed it. */
  used: number;
}

/**
 * Entries of sweeps that earlier builds have computed, such as a task vector's threshold: they hold for as long as what they rest
 * on is the same. An individual is known by the steps that have made it.
 */
export class KnownEntries {
  readonly #entries = new Map<string, Entry>();
  /** By sweep: what it came to last, whatever the individuals were. */
  readonly #last = new Map<number, { of: string; values: readonly unknown[] }>();
  #build = 0;

  /** What is known for a build; undefined where its method has no such sweeps. */
  for({ plan, genealogy, folders }: Build, program: MethodProgram): FoundBefore | undefined {
    const { sweeps } = program;
    const merged = plan.tensors.filter(({ rule }) => rule === 'method');
    // Rows are those of the models only where every model has all tensors.
    const isWhole = merged.every(({ parts }) => parts.length === plan.models);
    if (!isWhole || sweeps.every(({ entries }) => entries === undefined)) return undefined;
    this.#forget();
    const models = wordOf([plan.method, folders, merged.map(({ name, base, parts }) => [name, base, parts])]);
    const words = individualsOf(plan, genealogy);
    const keysOf = (index: number, group: Group, tensor?: number): string[] => {
      const place = tensor === undefined ? '' : plan.tensors[tensor]?.name;
      const basis = sweeps[index]?.entries?.basis(group) ?? [];
      return words.map((word, model) =>
        JSON.stringify([models, index, place, group.length, model, word, basis[model]]),
      );
    };
    const groupOf = (index: number, group: Group): string =>
      JSON.stringify([models, group.length, sweeps[index]?.entries?.basis(group)]);
    return {
      likely: (group, tensor) =>
        sweeps.map((_, index) => {
          const last = tensor === undefined ? this.#last.get(index) : undefined;
          return last?.of === groupOf(index, group) ? last.values : undefined;
        }),
      entries: (group, tensor) =>
        sweeps.map(({ entries }, index) => {
          if (entries === undefined) return undefined;
          return keysOf(index, group, tensor).map((key) => this.#find(key));
        }),
      keep: (group, results, tensor) => {
        for (const [index, { entries }] of sweeps.entries()) {
          if (entries === undefined) continue;
          const values = results[index] as readonly unknown[];
          // Over a tensor each group is small: looking at a sample of it costs nothing.
          if (tensor === undefined) this.#last.set(index, { of: groupOf(index, group), values });
          for (const [model, key] of keysOf(index, group, tensor).entries()) {
            this.#entries.set(key, { value: values[model], used: this.#build });
          }
        }
      },
    };
  }

  #find(key: string): unknown {
    const entry = this.#entries.get(key);
    if (entry !== undefined) entry.used = this.#build;
    return entry?.value;
  }

  #forget(): void {
    this.#build++;
    for (const [key, { used }] of this.#entries) if (used < this.#build - BUILDS) this.#entries.delete(key);
  }
}

/** A word for the values of each individual. */
function individualsOf({ models }: MergePlan, genealogy: Genealogy | undefined): string[] {
  return Array.from({ length: models }, (_, individual) => {
    if (genealogy === undefined) return 'original';
    const { steps: _steps, individual: _individual, ...settings } = genealogy;
    const { groups } = lineageOf({ ...genealogy, individual }, models);
    return groups.length === 0 ? 'original' : wordOf([settings, groups]);
  });
}

function wordOf(facts: unknown): string {
  return createHash('sha256').update(JSON.stringify(facts)).digest('base64');
}
