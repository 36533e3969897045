import { defineMethod } from '@hubfuse/plugin';
import { type RescaleForm, rescalerSweep } from '../emr/rescalers.ts';
import { type Unify, unifyProgram } from '../emr/unify.ts';

export default defineMethod({
  name: 'emr',
  title: 'EMR-Merging',
  description:
    'Elects one unified task vector and keeps a one-bit mask and a scale per model, from which each is rebuilt.',
  formula: `
With $\\tau_i = \\theta_i - \\theta_0$:

1. Elect: $\\gamma = \\operatorname{sign}\\big(\\sum_i \\tau_i\\big)$; $\\tau = \\gamma \\cdot \\max\\{|\\tau_i| : \\tau_i \\gamma > 0\\}$, for every parameter.
2. Mask: $M_i = 1$ where $\\tau_i \\tau > 0$, else $0$: one bit per parameter and model.
3. Rescale: $\\lambda_i = \\sum |\\tau_i| \\big/ \\sum |M_i \\tau|$, with sums over the whole model (\`rescale: paper\`), or over each
   tensor's mean as the authors' code does, where a bias weighs as much as an embedding table (\`rescale: code\`).

A task's model is $\\theta_0 + \\lambda_i M_i \\odot \\tau$. **The result is not one model:** it is a folder with the base, the unified
vector, masks and scales, and \`hubfuse materialize <folder> --task <name>\` rebuilds one task's model from it. Tensors that
\`exclude\` names, and heads, stay with each task (\`heads: merge\` takes heads of equal labels into the vector).

\`unify\` lets the masks follow another method's vector over the whole model. Where task vectors cancel exactly, the code elects minus,
the paper leaves zero; each form of \`rescale\` takes its own rule.`,
  sources: [
    'EMR-Merging, arXiv 2405.17461',
    'EMR_Merging/merge_vit/src/main_emr_merging.py:41-74; EMR_Merging/merge_lm/model_merging_methods/merging_methods.py:84-135',
  ],
  base: 'required',
  models: { minimum: 1 },
  excluded: 'task',
  result: 'tasks',
  parameters: {
    unify: {
      type: 'choice',
      level: 'global',
      perTensor: 'never',
      choices: ['elect', 'task_arithmetic', 'ties', 'pcb'],
      default: 'elect',
      description: "Whose task vector the masks follow: the method's own election, or that of another method.",
    },
    density: {
      type: 'number',
      level: 'global',
      perTensor: 'never',
      default: 0.2,
      minimum: 0,
      exclusiveMinimum: true,
      maximum: 1,
      onlyWith: { unify: 'ties' },
      description: 'Share of each task vector that is kept.',
    },
    ratio: {
      type: 'number',
      level: 'global',
      perTensor: 'never',
      default: 0.1,
      minimum: 0,
      exclusiveMinimum: true,
      maximum: 1,
      onlyWith: { unify: 'pcb' },
      description: 'Share of each task vector that is kept.',
    },
    rescale: {
      type: 'choice',
      level: 'global',
      perTensor: 'never',
      choices: ['code', 'paper'],
      default: 'code',
      description: "The scale of a task's masked vector, as the authors' code or as the paper computes it.",
    },
    exclude: {
      type: 'names',
      level: 'global',
      perTensor: 'never',
      default: [],
      description: 'Parts of names of tensors that stay with each task. `^` stands for the beginning of a name.',
    },
  },
  program({ parameters, models }) {
    const form = parameters.rescale as RescaleForm;
    const program = unifyProgram({
      unify: parameters.unify as Unify,
      models,
      parameters,
      zero: form === 'code' ? -1 : 0,
    });
    return {
      scope: 'model',
      sweeps: [...program.sweeps, rescalerSweep({ program, models, form })],
      write: program.write,
      tasks: {
        mask(block, model, bits) {
          const row = block.scratch();
          block.kernels.subtract(row, block.models[model] as Float32Array, block.base);
          block.kernels.tasks.packAgreement(bits, row, block.out);
        },
        rescalers: (results) => results.at(-1) as number[],
      },
    };
  },
});
