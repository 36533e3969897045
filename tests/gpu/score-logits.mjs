// Prints the logits of a model on a device: score-logits.mjs <device> <model folder> <texts> <count>
import { loadDataset, openScorer, registerEvaluation } from '@hubfuse/evaluate';
import { registerArchitectures } from '@hubfuse/graphs';
import { Registry } from '@hubfuse/plugin';

const [device, folder, path, limit] = process.argv.slice(2);
const registry = new Registry();
await Promise.all([registerArchitectures(registry), registerEvaluation(registry)]);
const task = 'text-classification';
const dataset = await loadDataset({ name: 'texts', source: { path }, task, registry, limit: Number(limit) });
const scorer = openScorer({ registry, workers: 2, device });
const scores = await scorer.score({
  model: { folder },
  task,
  datasets: [dataset],
  keepExamples: true,
  keepLogits: true,
});
const { environment, datasets } = scores;
const logits = datasets.texts.perExample.map((example) => [...example.logits]);
process.stdout.write(`${JSON.stringify({ environment, score: datasets.texts.score, logits })}\n`, () =>
  process.exit(0),
);
