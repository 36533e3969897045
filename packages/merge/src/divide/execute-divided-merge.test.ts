import { readdir, readlink, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { environment } from '../../../../tests/environment.ts';
import { plan, randomValues, scratch, type TinyTensors, tinyRegistry, writeModel } from '../../test/tiny-models.ts';
import type { Genealogy } from '../evolution/genealogy.ts';
import { executeMerge } from '../execute/execute-merge.ts';
import { executeDividedMerge } from './execute-divided-merge.ts';
import type { MergeCrew, MergeTask, SweptPart, WrittenPart } from './merge-task.ts';
import { openPartBuilder, type PartBuilderOptions } from './open-part-builder.ts';
import { fromBytes, toBytes } from './structured-bytes.ts';

const root = await scratch();
const registry = await tinyRegistry();
afterAll(() => rm(root, { recursive: true, force: true }));

/** More than one run of blocks, so that passes are really divided; tensors that end within blocks and parts. */
function tensors(seed: number): TinyTensors {
  const random = randomValues(seed);
  return {
    'tiny.a': { shape: [], values: random(1) },
    'tiny.b': { shape: [70_001], values: random(70_001), dtype: 'BF16' },
    'tiny.d': { shape: [0, 4], values: [] },
    'tiny.e': { shape: [4_200_001], values: random(4_200_001), dtype: 'F16' },
    'tiny.f': { shape: [300, 401], values: random(120_300) },
  };
}

const folders = await Promise.all(
  [1, 2, 3].map((seed) => writeModel(root, { name: `model-${seed}`, tensors: tensors(seed) })),
);
const [base = '', ...models] = folders;

const soak = environment.soak !== undefined;
/** Crews that each method is divided among. `npm run soak` takes all of them, and has every task done twice. */
const SIZES = soak ? [1, 2, 4] : [3];
/** Methods that `npm test` divides: one for each way through the sweeps. */
const SLICE = new Set(['ties per tensor', 'pcb over the model', 'pcb as in the paper']);

/** A crew of so many builders. What travels between them is bytes. */
async function openCrew(size: number, options: Omit<PartBuilderOptions, 'scratch' | 'registry' | 'workers'>) {
  const builders = await Promise.all(
    Array.from({ length: size }, (_, child) =>
      openPartBuilder({ ...options, registry, workers: 1, scratch: join(root, `child-${child}`) }),
    ),
  );
  const contents = new Map<string, Uint8Array[]>();
  const did = new Set<number>();
  // A builder has one task at a time.
  const last = builders.map((): Promise<unknown> => Promise.resolve());
  const by = async <T>(child: number, action: (builder: (typeof builders)[number]) => Promise<T>): Promise<T> => {
    const builder = builders[child % size] as (typeof builders)[number];
    const done = (last[child % size] ?? Promise.resolve()).then(() => action(builder));
    last[child % size] = done.catch(() => undefined);
    did.add(child % size);
    return fromBytes<T>(toBytes(await done));
  };
  const sent = <T extends MergeTask>(task: MergeTask): T => fromBytes<T>(toBytes(task));
  const sweeps = new Map<string, SweptPart>();
  const sweepOnce = async (task: MergeTask & { kind: 'sweep' }): Promise<SweptPart> => {
    const first = await by<SweptPart>(task.part, (builder) => builder.sweep(sent(task)));
    if (!soak) return first;
    const second = await by<SweptPart>(task.part + 1, (builder) => builder.sweep(sent(task)));
    expect(Buffer.compare(toBytes(second), toBytes(first))).toBe(0);
    return first;
  };
  const crew: MergeCrew = {
    async sweep(name, task) {
      sweeps.set(name, await sweepOnce(task as MergeTask & { kind: 'sweep' }));
    },
    swept: async (name) => sweeps.get(name) as SweptPart,
    async write(name, task) {
      const keep = async (content: AsyncIterable<Uint8Array>) => {
        contents.set(name, []);
        for await (const chunk of content) contents.get(name)?.push(chunk.slice());
      };
      if (soak) await by<WrittenPart>(task.part + 1, (builder) => builder.write(sent(task), keep));
      return await by<WrittenPart>(task.part, (builder) => builder.write(sent(task), keep));
    },
    read: async (name) =>
      (async function* () {
        yield* contents.get(name) ?? [];
      })(),
  };
  return { crew, contents, did, close: () => Promise.all(builders.map((builder) => builder.close())) };
}

const evolved: Genealogy = {
  ...{ seed: 3, mode: 'differential', scale: 0.5, crossover: 0.5, update: 'synchronous', dtype: 'F32', exclude: [] },
  steps: [{ generation: 0, individual: 0, references: [1, 2] }],
};
const withBase = { base_model: base, models };
const recipes: Record<string, Record<string, unknown>> = {
  linear: { merge_method: 'linear', models },
  'task arithmetic': { merge_method: 'task_arithmetic', ...withBase },
  'ties per tensor': { merge_method: 'ties', ...withBase, parameters: { density: 0.3, rescale: true } },
  'ties over the model': { merge_method: 'ties', ...withBase, parameters: { scope: 'model', density: 0.2 } },
  'pcb per tensor': { merge_method: 'pcb', ...withBase, parameters: { scope: 'tensor' } },
  'pcb over the model': { merge_method: 'pcb', ...withBase },
  'pcb as in the paper': { merge_method: 'pcb', ...withBase, parameters: { form: 'paper' } },
};

describe('a merge that several share has the bytes of one machine', () => {
  for (const [name, recipe] of Object.entries(recipes)) {
    test.skipIf(!soak && !SLICE.has(name))(`${name}: for any number of them`, async () => {
      const made = await plan(registry, recipe, { shardSize: 3_000_000 });
      const whole = await executeMerge({ ...made, out: join(root, 'whole'), registry });
      for (const size of SIZES) {
        const { crew, did, close } = await openCrew(size, made);
        const divided = await executeDividedMerge({ ...made, crew, parts: size, out: join(root, 'divided'), registry });
        await close();
        expect(divided.files, `${size}`).toEqual(whole.files);
        if (/over|paper|linear/.test(name)) expect(did.size).toBe(size);
      }
    });
  }

  test('models that have evolved', async () => {
    const made = { ...(await plan(registry, { merge_method: 'linear', models: folders })), genealogy: evolved };
    const whole = await executeMerge({ ...made, out: join(root, 'whole'), registry });
    const { crew, close } = await openCrew(2, made);
    const divided = await executeDividedMerge({ ...made, crew, parts: 3, out: join(root, 'divided'), registry });
    await close();
    expect(divided.files).toEqual(whole.files);
  });
});

test('a part that came back changed is refused', async () => {
  const made = await plan(registry, { merge_method: 'linear', models });
  const { crew, contents, close } = await openCrew(1, made);
  const read: MergeCrew['read'] = async (name) => {
    const [first] = contents.get(name) ?? [];
    if (name === 'write-1' && first !== undefined) first[7] = 1 + (first[7] ?? 0);
    return await crew.read(name);
  };
  const out = join(root, 'refused');
  const merging = executeDividedMerge({ ...made, crew: { ...crew, read }, parts: 2, out, registry });
  await expect(merging).rejects.toMatchObject({ code: 'merge/damaged-part' });
  await close();
});

test.skipIf(process.platform !== 'linux')(
  'between two tasks a builder lets go of its inputs, so that they may go',
  async () => {
    const made = await plan(registry, { merge_method: 'linear', models });
    const builder = await openPartBuilder({ ...made, registry, workers: 1, scratch: join(root, 'lets-go') });
    const inputs = async () => {
      const links = (await readdir('/proc/self/fd')).map((name) => readlink(`/proc/self/fd/${name}`).catch(() => ''));
      return (await Promise.all(links)).filter((path) => models.some((folder) => path.startsWith(folder)));
    };
    const task = { kind: 'write', part: 0, parts: 1, results: [] } as const;
    const write = async () => {
      const written = await builder.write(task, async (content) => {
        for await (const _ of content);
      });
      return written.sha256;
    };
    const first = await write();
    expect(await inputs()).not.toEqual([]);
    await builder.closeInputs();
    expect(await inputs()).toEqual([]);
    expect(await write()).toBe(first);
    await builder.close();
  },
);
