import { UsageError } from '@hubfuse/plugin';
import { defineCommand } from '../command.ts';
import { carryOut, wholeRunOptions } from '../run-command.ts';
import { readRunRequest, runPositionals } from '../run-request.ts';

export default defineCommand({
  name: 'evolve',
  summary: 'Search for a better merge on development data, then score and publish it',
  description: [
    'Takes a recipe with `evolve` (the models evolve, alone or in front of the merge method) or `search` (numbers of the ' +
      'method are searched by CMA-ES); `hubfuse merge` does the same with such a recipe. The models, data and everything ' +
      'else are as for a merge. Candidates that can no longer win are not scored to the end.',
    'Every decision is kept: an interrupted search continues with the same command and finds the same. The folder holds ' +
      'search/report.html with plots and search/candidates.jsonl with every candidate; search.json goes with the model, so ' +
      'that `hubfuse reproduce` builds it again without scoring.',
  ],
  positionals: runPositionals,
  options: wholeRunOptions,
  examples: [
    { command: 'hubfuse evolve recipe.yaml --out evolved', explanation: 'the search that a recipe describes' },
    { command: 'hubfuse plan recipe.yaml', explanation: 'what it would cost' },
  ],
  resumes: true,
  async run(context) {
    const request = await readRunRequest(context);
    const { evolve, search } = request.recipe;
    if (evolve === undefined && search === undefined) {
      throw new UsageError({
        code: 'usage/no-search',
        message: 'the recipe has neither `evolve` nor `search`, so there is nothing to find',
        hint: 'add `evolve: {}` to the recipe, or merge it as it is with `hubfuse merge`',
      });
    }
    return await carryOut(context, request);
  },
});
