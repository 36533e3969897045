import type { Dataset } from '@hubfuse/evaluate';
import { UsageError } from '@hubfuse/plugin';
import { defineCommand } from '../command.ts';
import { common } from '../common-options.ts';
import { devicesOf } from '../devices.ts';
import { columnSetting, readColumns } from '../read-columns.ts';
import type { LocalModel } from '../scoring-inputs.ts';

export default defineCommand({
  name: 'evaluate',
  summary: 'Score models on labelled data with transformers.js',
  description: [
    'A model is a URL of the Hub, its id or a folder. Data is a JSONL, CSV, Parquet or CoNLL file: a path, or the address ' +
      'of a file in a dataset repository (hf://datasets/ns/name/file.jsonl); name=file gives it a name. Columns are text ' +
      'and label, or tokens and tags, unless --column says otherwise.',
    'Scores are shown in percent; --json gives them as fractions under the name of the metric. A score does not depend on ' +
      'the number of workers.',
  ],
  positionals: [{ name: 'model', description: 'URL, id, id@revision or folder', required: true, multiple: true }],
  options: {
    task: {
      type: 'text',
      value: 'name',
      default: 'text-classification',
      description: 'what the models do: text-classification or token-classification',
    },
    data: { type: 'list', short: 'd', value: '[name=]file', description: 'labelled data; may be given several times' },
    metric: { type: 'text', value: 'name', default: "the task's: accuracy, or span F1", description: 'how to score' },
    column: { type: 'list', value: 'role=name', description: 'name of a column, such as text=utterance' },
    split: { type: 'text', value: 'rows', description: 'which rows, such as validation, [:500] or test[:10%]' },
    limit: { type: 'integer', value: 'n', minimum: 1, description: 'at most so many examples of each dataset' },
    ensemble: {
      type: 'flag',
      description: 'score all models together as well: by the mean of their logits, and from three on by majority',
    },
    hub: common.hub,
    token: common.token,
    workers: common.workers,
    device: { ...common.device, default: 'HUBFUSE_DEVICE, else cpu' },
    seed: { ...common.seed, description: 'with --limit: draw the examples by this seed instead of taking the first' },
  },
  examples: [
    {
      command: 'hubfuse evaluate hubfuse-examples/intents-base --task text-classification --data money.test.jsonl',
      explanation: 'one model, one file',
    },
    {
      command: 'hubfuse evaluate merged base --data money.test.jsonl --data home.test.jsonl --metric macro_f1 --json',
      explanation: 'two models on two datasets and their mean, as JSON',
    },
  ],
  async run(context) {
    const { positionals, options, output, signal, directory, registry } = context;
    const { metric, task = 'text-classification' } = options;
    if (options.data.length === 0) {
      throw new UsageError({
        code: 'usage/no-data',
        message: 'there is nothing to score on',
        hint: 'add --data <file>',
      });
    }
    const extensions = await registry();
    const columns = readColumns(options.column, Object.keys(extensions.get('task', task).columns));
    if (metric !== undefined) extensions.get('metric', metric);

    const { hubOptions } = await import('../hub-options.ts');
    const { fetchForScoring, loadData } = await import('../scoring-inputs.ts');
    const { scoreModels } = await import('../score-models.ts');
    const { describeScores, scoresAsJson } = await import('../scores-view.ts');
    const access = { hub: await hubOptions(context), directory, output };
    const { split, limit, seed, workers, ensemble } = options;
    const { device: given, defaultDevice } = devicesOf(context);
    const device = given ?? defaultDevice;
    const reading = { task, columns, columnSetting, split, limit, seed, registry: extensions };
    const datasets: Dataset[] = [];
    for (const text of options.data) datasets.push(await loadData(text, reading, access));
    const models: LocalModel[] = [];
    for (const text of positionals) models.push(await fetchForScoring(text, access));

    const settings = { models, ensemble, task, metric, datasets, registry: extensions, workers, device, signal };
    const rows = await scoreModels(settings, output, (name, scores) => {
      if (output.json) output.result(scoresAsJson(name, scores), () => '');
    });
    if (!output.json) output.result({}, () => describeScores(rows));
    return undefined;
  },
});
