import { defineCommand } from '../command.ts';
import { carryOut, wholeRunOptions } from '../run-command.ts';
import { readRunRequest, runPositionals } from '../run-request.ts';

export default defineCommand({
  name: 'merge',
  summary: 'Merge models, score the result and publish it, as a recipe says',
  description: [
    'Takes a recipe file, or the models themselves with --method. A model is a URL of the Hub, its id (ns/name, ' +
      'ns/name@revision) or a folder. Every revision is pinned, files are checked before anything is downloaded, and ' +
      '--out becomes a folder that transformers loads. Relative paths start at the working directory.',
    'An interrupted merge continues with the same command; nothing is downloaded or published twice, and nothing stands ' +
      'at --out before it is whole.',
  ],
  positionals: runPositionals,
  options: wholeRunOptions,
  examples: [
    { command: 'hubfuse merge recipe.yaml --out merged', explanation: 'all that a recipe says' },
    {
      command:
        'hubfuse merge hubfuse-examples/intents-money hubfuse-examples/intents-home --method pcb ' +
        '--base hubfuse-examples/intents-base --parameter lambda=0.5 --out merged',
      explanation: 'without a file',
    },
  ],
  resumes: true,
  async run(context) {
    return await carryOut(context, await readRunRequest(context));
  },
});
