import { defineMethod, MergeError } from '@hubfuse/plugin';

export default defineMethod({
  name: 'evolver',
  title: 'Evolver',
  description:
    'Evolves the models against each other on development data, without gradients; the best individual is the result.',
  formula: `
The population is the models themselves. In each generation every individual $i$ gets a rival: a mutant of it, of which
each scalar is taken with probability \`crossover\`. The rival takes the individual's place if its development score is
strictly higher.

$$\\theta_i^* = \\theta_i + F\\,(\\theta_{r_1} - \\theta_{r_2}) \\quad\\text{(differential)} \\qquad
\\theta_i^* = (1 - F)\\,\\theta_i + F\\,\\theta_r \\quad\\text{(blend)}$$

$$\\mathrm{child}_d = \\theta^*_{i,d} \\text{ where } U_d < C_r, \\text{ else } \\theta_{i,d}$$

The result is the individual with the highest development score. Around another method (its name as \`merge_method\` beside
an \`evolve\` block) a rival's score is that of what the method makes of the whole population. The settings, $F$ as \`scale\`
and $C_r$ as \`crossover\` among them, stand in the block \`evolve\`: see [recipes](../recipe.md#evolve).`,
  sources: [
    'Du et al., Knowledge Fusion by Evolving Weights of Language Models, arXiv 2406.12208',
    'model-evolution/src/model_merge/evolver.py:64-89, 213-246',
  ],
  base: 'unused',
  models: { minimum: 2 },
  parameters: {},
  evolves: true,
  program: () => ({
    scope: 'tensor',
    sweeps: [],
    write({ tensor }) {
      throw new MergeError({
        code: 'merge/no-genealogy',
        where: tensor,
        message: 'Evolver has no result before its search has found one',
        hint: 'search first: hubfuse evolve <recipe> --out <folder>',
      });
    },
  }),
});
