import { defineCommand } from '../command.ts';
import { statsOptions } from '../stats-options.ts';

export default defineCommand({
  name: 'stats',
  summary: 'Gather statistics of a model on data, for merging by methods that read them',
  description: [
    'Runs the model over examples of its own task and writes what merging by RegMean (--kind gram: second moments of the ' +
      'inputs of its linear layers) or by Fisher information (--kind fisher: squared gradients) needs beside weights. Whoever owns the data does this once and publishes the file ' +
      'beside the model, where a merge finds it: nobody else needs the data. docs/statistics-format.md defines the file and ' +
      'says what it reveals of the data.',
    'The file has the same bytes for any number of workers and any --memory; less memory means more passes over the data. ' +
      "It goes to hubfuse/ in the folder of a local model, and to the working directory, under the model's name, for a model of the Hub.",
  ],
  positionals: [{ name: 'model', description: 'URL, id, id@revision or folder', required: true }],
  options: statsOptions,
  examples: [
    {
      command: 'hubfuse stats you/intents-money --data money.train.jsonl --publish',
      explanation: "gather Gram matrices and commit them into the model's repository",
    },
    {
      command: 'hubfuse stats ./money --data money.train.jsonl --plan --memory 2GiB',
      explanation: 'how many passes, how much disk and about how long',
    },
  ],
  async run(context) {
    const { gatherForCommand } = await import('../gather-statistics.ts');
    return await gatherForCommand(context);
  },
});
