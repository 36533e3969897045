import { join } from 'node:path';
import type { Dataset, Scorer, Scores } from '@hubfuse/evaluate';
import type { RowModel } from './rows.ts';
import { modelNames, type RowRecipe, type Split, type Zoo } from './zoo.ts';

/**
 * Scores the rows of one zoo. The members of its output ensemble are scored along with it: to run each of them twice
 * would cost nearly half as much as all merges.
 */
export class RowScores {
  readonly #zoo: Zoo;
  readonly #scorer: Scorer;
  readonly #datasets: Readonly<Record<Split, readonly Dataset[]>>;
  readonly #ensembles = new Map<string, Promise<Scores>>();

  constructor(options: { zoo: Zoo; scorer: Scorer; datasets: Readonly<Record<Split, readonly Dataset[]>> }) {
    this.#zoo = options.zoo;
    this.#scorer = options.scorer;
    this.#datasets = options.datasets;
  }

  /** @param model What the row's recipe made. */
  async score(what: RowRecipe, model: RowModel['model'], split: Split): Promise<Scores> {
    if (what.ensemble !== undefined) return await this.#ensemble(modelNames(what), split);
    for (const members of what.model === undefined ? [] : this.#ensembleMembers()) {
      const scores = members.includes(what.model ?? '') ? await this.#ensemble(members, split) : undefined;
      const alone = scores?.members?.[members.indexOf(what.model ?? '')];
      if (alone !== undefined) return alone;
    }
    return await this.#run(model, split);
  }

  #ensembleMembers(): string[][] {
    return this.#zoo.rows.flatMap(({ what }) => (what.ensemble === 'mean' ? [modelNames(what)] : []));
  }

  #ensemble(members: readonly string[], split: Split): Promise<Scores> {
    const key = [split, ...members].join('/');
    const ensemble = members.map((name) => ({ folder: join(this.#zoo.folder, name) }));
    const scores = this.#ensembles.get(key) ?? this.#run({ ensemble }, split);
    this.#ensembles.set(key, scores);
    return scores;
  }

  #run(model: RowModel['model'], split: Split): Promise<Scores> {
    const { task } = this.#zoo;
    return this.#scorer.score({ model, task, datasets: this.#datasets[split], eachMember: 'ensemble' in model });
  }
}
