import { type FileHandle, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { LayerNote } from './linear-tensor.ts';
import { readIfThere } from './output-files.ts';

const NAME = '.merge-journal';

/** What a killed merge had finished. */
export interface Progress {
  /** Results of the whole-model sweeps, in order; undefined before the last of them is known. */
  results?: readonly unknown[];
  /** Units that are written and durable. */
  units: ReadonlySet<number>;
  /** What was noted of the linear layers among them. */
  layers: readonly LayerNote[];
}

/**
 * The record of a merge under way, one JSON line per fact: appended only after what it vouches for is durable, so that
 * a merge resumes after a kill or a crash.
 */
export class Journal {
  readonly #path: string;
  readonly #file: FileHandle;

  private constructor(path: string, file: FileHandle) {
    this.#path = path;
    this.#file = file;
  }

  /** Reads what a journal of the same plan holds; undefined where there is none of this plan. */
  static async read(out: string, digest: string): Promise<Progress | undefined> {
    const text = await readIfThere(join(out, NAME));
    if (text === undefined) return undefined;
    // The last line may be torn by a kill; whatever does not parse is as if never written.
    const lines = text.split('\n').slice(0, -1).flatMap(parseLine);
    if ((lines[0] as { plan?: string } | undefined)?.plan !== digest) return undefined;
    let results: readonly unknown[] | undefined;
    const units = new Set<number>();
    const layers: LayerNote[] = [];
    for (const line of lines as { results?: unknown[]; units?: number[]; layers?: LayerNote[] }[]) {
      if (line.results !== undefined) results = line.results;
      for (const unit of line.units ?? []) units.add(unit);
      layers.push(...(line.layers ?? []));
    }
    return { ...(results === undefined ? {} : { results }), units, layers };
  }

  /** Opens the journal: a new one, or the existing one to be continued. */
  static async open(out: string, options: { digest: string; resume: boolean }): Promise<Journal> {
    const path = join(out, NAME);
    const file = await open(path, options.resume ? 'a' : 'w');
    const journal = new Journal(path, file);
    if (options.resume) await file.write('\n');
    else await journal.#append({ plan: options.digest });
    return journal;
  }

  async recordResults(results: readonly unknown[]): Promise<void> {
    await this.#append({ results });
  }

  async recordUnits(units: readonly number[], layers: readonly LayerNote[]): Promise<void> {
    if (units.length > 0) await this.#append(layers.length === 0 ? { units } : { units, layers });
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  /** Takes the journal away: the merge is whole. */
  async remove(): Promise<void> {
    await this.close();
    await rm(this.#path, { force: true });
  }

  async #append(line: unknown): Promise<void> {
    await this.#file.write(`${JSON.stringify(line)}\n`);
    await this.#file.datasync();
  }
}

function parseLine(line: string): unknown[] {
  if (line === '') return [];
  try {
    return [JSON.parse(line)];
  } catch {
    return [];
  }
}
