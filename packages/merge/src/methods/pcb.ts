import { defineMethod, type MethodOptions, type MethodProgram } from '@hubfuse/plugin';
import { codeProgram } from '../pcb/code-form.ts';
import { FORM_CLAMP, type Form } from '../pcb/forms.ts';
import { paperProgram } from '../pcb/paper-form.ts';

function program({ parameters, modelParameters, models }: MethodOptions): MethodProgram {
  const form = parameters.form as Form;
  const scope = parameters.scope as 'tensor' | 'model';
  if (form === 'paper') return paperProgram({ scope, models });
  const clamp = typeof parameters.clamp === 'number' ? parameters.clamp : FORM_CLAMP[form];
  return codeProgram({ form, scope, models, clamp, modelParameters });
}

export default defineMethod({
  name: 'pcb',
  title: 'PCB-Merging',
  description: 'Lets the parameters compete: weighs each by its size within its task and its agreement across tasks.',
  formula: `
With $\\tau_i = \\theta_i - \\theta_0$ over the whole model ($D$ scalars, $N$ models), magnitudes clamped to the order statistics
$\\lfloor Dc \\rfloor$ and $\\lfloor D(1-c)-1 \\rfloor$ of their row, and $u_i$ the min-max normalised clamped magnitude:

$$b_i = \\exp(N u_i^2) \\cdot \\tanh\\Big(\\tau_i \\sum_j \\tau_j\\Big), \\qquad
t_i = b_i^{(\\lfloor D(1-r) \\rfloor)}, \\qquad
w_i = \\frac{\\max(b_i - t_i, 0)}{\\max b_i - t_i}$$

$$\\theta = \\theta_0 + \\frac{\\sum_i \\lambda_i\\,\\operatorname{sign}(\\tau_i)\\,a_i\\,w_i}{\\max(\\sum_i w_i, 10^{-12})}$$

$r$ (\`ratio\`) is the share that is **kept**; $a_i$ is the clamped magnitude. The authors published four forms and a paper:

| form | clamp $c$ | second factor of $b_i$ |
|---|---|---|
| \`reference\` | 0.0001 | $\\tanh(\\tau_i \\sum_j \\tau_j)$ |
| \`language\` | 0.01 | the same |
| \`vision-search\` | 0.01 | $\\sum_j \\tanh(x_i x_j)$ with $x = \\operatorname{sign}(\\tau)\\,u$ |
| \`vision\` | 0.01 | $\\tanh(\\tau_i \\sum_j x_j)$ |
| \`paper\` | none | $b_i = \\operatorname{softmax}_D(N\\,\\mathrm{norm}(\\tau_i^2)) \\sum_j \\operatorname{softmax}_D(\\mathrm{norm}(\\tau_i \\tau_j))$; survivors $b_i \\ge t_i$ keep $b_i$ itself |

A row without spread (an unchanged model) has weight 0 everywhere.`,
  sources: [
    'PCB-Merging, arXiv 2410.02396',
    'reference: pcb-merging/pcb-merging.py:7-44',
    'language: pcb-merging/nlp_source_code/utils/merge_utils.py:434-448',
    'vision-search: pcb-merging/vision_source_code/pcb_ES.py:15-37',
    'vision: pcb-merging/vision_source_code/pcb.py:56-105',
  ],
  base: 'required',
  // Beyond this exp(N u^2) leaves the range of float32 even when it is centred.
  models: { minimum: 1, maximum: 128 },
  parameters: {
    form: {
      type: 'choice',
      level: 'global',
      perTensor: 'never',
      choices: ['reference', 'vision-search', 'vision', 'language', 'paper'],
      default: 'reference',
      description: "Which of the authors' forms.",
    },
    ratio: {
      type: 'number',
      level: 'global',
      perTensor: 'tensor',
      default: 0.1,
      minimum: 0,
      exclusiveMinimum: true,
      maximum: 1,
      description: 'Share of each task vector that is kept.',
    },
    lambda: {
      type: 'number',
      level: 'model',
      perTensor: 'always',
      default: 1,
      description: "Scale of a model's share in the merged task vector.",
    },
    clamp: {
      type: 'number',
      level: 'global',
      perTensor: 'never',
      default: 'form',
      minimum: 0,
      maximum: 0.5,
      description: 'Share of magnitudes that is clamped at each end; 0 clamps nothing.',
    },
    scope: {
      type: 'choice',
      level: 'global',
      perTensor: 'never',
      choices: ['model', 'tensor'],
      default: 'model',
      description: "Compete over the whole model (the authors') or within each tensor.",
    },
    exclude: {
      type: 'names',
      level: 'global',
      perTensor: 'never',
      default: [],
      description:
        'Parts of names of tensors that leave the task vector and come from the base. `^` stands for the beginning of a name.',
    },
  },
  program,
});
