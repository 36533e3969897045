import { existsSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  findTaps,
  type GraphTensor,
  graphOverFiles,
  registerArchitectures,
  runGraph,
  tapOutputs,
} from '@hubfuse/graphs';
import { Registry } from '@hubfuse/plugin';
import { folderSource, readCheckpoint } from '@hubfuse/tensors';
import { beforeAll, expect, test } from 'vitest';

// What holds for the taps of every architecture that stands, found in the golden checkpoints.

const GOLDEN = join(import.meta.dirname, 'golden', 'architectures');
const folders = readdirSync(GOLDEN).filter((name) => existsSync(join(GOLDEN, name, 'model.safetensors')));
const registry = new Registry();
beforeAll(() => registerArchitectures(registry));

async function open(name: string) {
  const folder = join(GOLDEN, name);
  const config = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8')) as Record<string, unknown>;
  const { tensors } = await readCheckpoint(await folderSource(folder));
  return { folder, config, tensors, registry };
}

const ints = (length: number, value: (index: number) => number): GraphTensor => ({
  data: BigInt64Array.from({ length }, (_, index) => BigInt(value(index))),
  dimensions: [2, length / 2],
});
/** Two sequences of five tokens, the second with two of padding. */
const FEED = {
  input_ids: ints(10, (index) => 5 + (index % 7)),
  attention_mask: ints(10, (index) => (index < 8 ? 1 : 0)),
  token_type_ids: ints(10, () => 0),
};

test.each(folders)(
  '%s: every matrix that is no table is a layer, and query, key and value share one input',
  async (name) => {
    const { tensors, ...options } = await open(name);
    const taps = findTaps({ ...options, tensors });
    const layers = taps.flatMap(({ layer, aliases }) => [layer, ...aliases]);
    expect(new Set(layers).size).toBe(layers.length);
    const matrices = [...tensors.values()].filter(
      ({ shape, name: tensor }) => shape.length === 2 && !/embedding/.test(tensor),
    );
    const endings = matrices.map(({ name: tensor }) => tensor.replace(/\.weight$/, ''));
    for (const layer of layers)
      expect(
        endings.some((ending) => layer.endsWith(ending)),
        layer,
      ).toBe(true);
    const measured = endings.filter((ending) => layers.some((layer) => layer.endsWith(ending)));
    // Heads of another class may be stored and unused, and a decoder may be tied.
    const others = endings.filter((ending) => !measured.includes(ending));
    for (const other of others) expect(other).toMatch(/pooler|decoder|vocab_projector|seq_relationship/);
    const shared = taps.filter(({ aliases }) => aliases.length === 2);
    expect(shared).toHaveLength(Number(options.config.num_hidden_layers ?? options.config.n_layers));
  },
);

test.each(folders)('%s: a tap yields the same bits alone and beside all others', async (name) => {
  const { folder, ...options } = await open(name);
  const taps = findTaps(options);
  const run = async (layers: readonly string[]): Promise<Readonly<Record<string, GraphTensor>>> => {
    const graph = await graphOverFiles({ ...options, folder, taps: { padding: 'mask', layers } });
    const [result] = await runGraph({
      ...{ ...graph, feeds: [FEED] },
      sessionOptions: { ...graph.sessionOptions, intraOpNumThreads: 1 },
    });
    return result ?? {};
  };
  const together = await run(taps.map(({ layer }) => layer));
  for (const tap of [taps[0], taps[Math.floor(taps.length / 2)], taps.at(-1)]) {
    if (tap === undefined) continue;
    const alone = await run([tap.layer]);
    for (const { name: output } of tapOutputs(tap)) {
      expect(alone[output]?.data, output).toEqual(together[output]?.data);
      expect(together[output]?.data.length, output).toBeGreaterThan(0);
    }
  }
});
