import { resolve } from 'node:path';
import { defineCommand } from '../command.ts';
import { EXIT_CODES } from '../exit-codes.ts';
import { renderTable } from '../terminal/table.ts';

export default defineCommand({
  name: 'check-graph',
  summary: "Compare a model's ONNX graph with stored outputs and hidden states",
  description: [
    'The folder holds config.json, the weights and io.safetensors: inputs, and the outputs and hidden states that ' +
      'PyTorch gives for them. The largest differences are printed first; exit code 1 means that one is beyond the ' +
      'tolerance.',
  ],
  positionals: [{ name: 'folder', description: 'a model folder with io.safetensors', required: true }],
  options: {
    tolerance: { type: 'number', value: 'x', minimum: 0, default: '1e-4', description: 'largest difference allowed' },
    config: { type: 'text', value: 'file', default: 'config.json', description: 'config file inside the folder' },
  },
  examples: [
    { command: 'hubfuse check-graph golden/architectures/bert', explanation: 'with the usual tolerance' },
    { command: 'hubfuse check-graph model --tolerance 1e-5 --json', explanation: 'stricter, as JSON' },
  ],
  async run({ positionals, options, output, directory, registry }) {
    const { checkGraph } = await import('@hubfuse/graphs');
    const [folder = ''] = positionals;
    const check = await checkGraph({
      folder: resolve(directory, folder),
      registry: await registry(),
      tolerance: options.tolerance,
      config: options.config,
    });
    const differences = [...check.differences].sort((a, b) => severity(b.largest) - severity(a.largest));
    output.result({ ...check, differences }, () =>
      [
        renderTable(
          [
            { title: 'case' },
            { title: 'output' },
            { title: 'largest difference', align: 'right' },
            { title: 'at' },
            { title: '' },
          ],
          differences.map(({ case: name, output: tensor, largest, at, within }) => [
            name,
            tensor,
            largest.toExponential(2),
            `[${at.join(', ')}]`,
            within ? output.style.green('ok') : output.style.red('beyond'),
          ]),
        ),
        '',
        `${check.className}: ${check.passed ? 'every output is within' : 'outputs are beyond'} ${check.tolerance}`,
      ].join('\n'),
    );
    return check.passed ? EXIT_CODES.ok.code : EXIT_CODES.failure.code;
  },
});

/** NaN is the worst that can come out. */
function severity(difference: number): number {
  return Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
}
