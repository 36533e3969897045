import { fileURLToPath } from 'node:url';
import { registerEvaluation } from '@hubfuse/evaluate';
import { registerArchitectures } from '@hubfuse/graphs';
import { openStore, registerStores } from '@hubfuse/objects';
import { Registry } from '@hubfuse/plugin';
import type { EvaluateSection } from '@hubfuse/recipe';
import { expect, test } from 'vitest';
import { ModelScorer } from './score-models.ts';
import { scoreReferences } from './score-references.ts';
import { scoreRow } from './score-rows.ts';
import { scoringData } from './scoring-data.ts';

const zoo = (path: string): string =>
  fileURLToPath(new URL(`../../../../examples/intents-tiny/${path}`, import.meta.url));
const evaluate: EvaluateSection = {
  task: 'text-classification',
  keepExamples: false,
  limit: 60,
  datasets: [{ name: 'money', domain: 'in', columns: {}, path: 'evaluate.datasets[0]' }],
};

test('parents are scored by the runs of their ensemble, as each scores alone', async () => {
  const registry = new Registry();
  await registerStores(registry);
  await registerArchitectures(registry);
  await registerEvaluation(registry);
  const data = await scoringData({
    evaluate,
    data: [{ dataset: 'money', split: 'dev', kind: 'local', path: 'money' }],
    paths: [zoo('data/money.dev.jsonl')],
    registry,
  });
  const open = async (name: string): Promise<ModelScorer> =>
    new ModelScorer({ store: await openStore(`memory:${name}`, registry), registry, evaluate, data, workers: 1 });
  const parents = ['money', 'home'].map((name) => ({ name, input: { folder: zoo(name) }, identity: name }));
  const [together, alone] = [await open('together'), await open('alone')];
  try {
    const computed: string[] = [];
    const rows = await scoreReferences({
      parents,
      score: (role, model) =>
        scoreRow({
          scorer: together,
          model,
          role,
          onScored: ({ name, scores }) => {
            if (!scores.cached) computed.push(name);
          },
        }),
      onUnfit: ({ message }) => expect.fail(message),
    });
    expect(computed).toEqual(['ensemble']);
    expect(rows.map(({ name }) => name)).toEqual(['money', 'home', 'ensemble']);
    for (const [index, model] of parents.entries()) {
      expect(rows[index]).toEqual(await scoreRow({ scorer: alone, model, role: 'parent' }));
    }
  } finally {
    await together.close();
    await alone.close();
  }
});
