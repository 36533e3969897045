import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { Registry } from '@hubfuse/plugin';
import { KernelInstance, KernelMemory } from '@hubfuse/tensors';
import { BlockReader } from './block-reader.ts';
import { KeptRows } from './kept-rows.ts';
import type { MergeAssignment } from './merge-assignment.ts';
import { NoteRoom } from './note-room.ts';
import { OpenFiles } from './open-files.ts';
import { largeProducts } from './runtime-products.ts';
import { TensorWorker } from './tensor-worker.ts';

/** One worker thread: kernels, their memory and opened inputs serve one merge after the other. */
export class MergeThread {
  readonly #registry = new Registry();
  readonly #memory = new KernelMemory();
  readonly #large = largeProducts();
  readonly #kernels = new KernelInstance(this.#memory, { products: this.#large });
  readonly #inputs = new OpenFiles();
  #start = this.#memory.mark;
  #kept: KeptRows | undefined;
  #outputs: number[] = [];
  #worker: TensorWorker | undefined;

  constructor() {
    process.on('exit', () => {
      this.#inputs.close();
      this.#closeOutputs();
    });
  }

  /** What works on the merge that was assigned last. */
  get worker(): TensorWorker {
    if (this.#worker === undefined) throw new Error('no merge was assigned');
    return this.#worker;
  }

  /** Takes up another merge: its outputs are opened, inputs that it does not read are closed. */
  async assign(assignment: MergeAssignment): Promise<void> {
    const { module, plan, genealogy, folders, statistics, out, files, residentBytes, kept, noteBytes = 0 } = assignment;
    this.#worker = undefined;
    this.#closeOutputs();
    this.#memory.release(this.#start);
    if (kept !== undefined && this.#kept === undefined) {
      this.#kept = new KeptRows({ ...kept, memory: this.#memory });
      this.#start = this.#memory.mark;
    }
    const notes = noteBytes > 0 ? new NoteRoom({ memory: this.#memory, bytes: noteBytes }) : undefined;
    await this.#registry.load(module);
    this.#inputs.keepOnly([
      ...plan.inputs.flatMap((input, index) => input.files.map(({ path }) => join(folders[index] ?? '', path))),
      ...plan.statistics.map(({ path }, index) => join(statistics[index] ?? '', path)),
    ]);
    const kernels = this.#kernels;
    const opened = { kernels, files: this.#inputs };
    const { parameters, modelParameters, models } = plan;
    for (const file of files) this.#outputs.push(openSync(join(out, file), 'r+'));
    this.#worker = new TensorWorker({
      plan,
      program: this.#registry.get('method', plan.method).program({ models, parameters, modelParameters }),
      memory: this.#memory,
      kernels,
      large: this.#large,
      reader: new BlockReader({
        ...opened,
        inputs: plan.inputs,
        folders,
        damaged: 'the model is damaged (a failed training step or conversion); merge another revision of it',
      }),
      genealogy,
      statistics: new BlockReader({
        ...opened,
        inputs: plan.statistics,
        folders: statistics,
        damaged: 'the statistics are damaged, or overflowed while they were gathered; gather them anew',
      }),
      residentBytes,
      notes,
      kept: this.#kept && { rows: this.#kept, folders, notes: kept?.notes ?? 0 },
      write: (place, bytes, position) => {
        const file = this.#outputs[place.output] as number;
        for (let done = 0; done < bytes.length; ) {
          done += writeSync(file, bytes, done, bytes.length - done, place.offset + position + done);
        }
      },
    });
  }

  /** Closes inputs: a file that is removed gives its space back only then. One that is read again is opened again. */
  closeInputs(): void {
    this.#inputs.close();
  }

  #closeOutputs(): void {
    for (const file of this.#outputs) closeSync(file);
    this.#outputs = [];
  }
}
