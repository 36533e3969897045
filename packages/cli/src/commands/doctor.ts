import { defineCommand } from '../command.ts';
import { common } from '../common-options.ts';
import type { Finding } from '../doctor/checks.ts';
import { EXIT_CODES } from '../exit-codes.ts';
import { leastNode } from '../package-version.ts';
import { wrap } from '../terminal/table.ts';

const WIDTH = 100;

export default defineCommand({
  name: 'doctor',
  summary: 'Check what hubfuse needs from this machine and from the Hub',
  description: ['Exit code 1 means that something is missing without which hubfuse cannot work.'],
  positionals: [],
  options: { hub: common.hub, token: common.token },
  examples: [
    { command: 'hubfuse doctor', explanation: 'Node.js, processor, memory, scoring, cache, Hub and token' },
    { command: 'hubfuse doctor --hub http://127.0.0.1:8700', explanation: 'with a Hub of your own' },
  ],
  async run(context) {
    const { output, environment } = context;
    const { doctorChecks, runCheck } = await import('../doctor/checks.ts');
    const { hubOptions } = await import('../hub-options.ts');
    const hub = await hubOptions(context);
    const findings: Finding[] = [];
    for (const check of doctorChecks({ hub, home: environment.home, leastNode: await leastNode() })) {
      findings.push(await runCheck(check));
    }
    const healthy = findings.every(({ status }) => status !== 'failure');
    const { green, yellow, red } = output.style;
    const marks = { ok: green('ok     '), warning: yellow('warning'), failure: red('failure') };
    output.result({ healthy, findings }, () =>
      findings
        .map(({ check, status, message, hint }) => {
          const line = `${marks[status]}  ${check}: ${message}`;
          return hint === undefined ? line : `${line}\n${wrap(hint, WIDTH, '         ')}`;
        })
        .join('\n'),
    );
    return healthy ? EXIT_CODES.ok.code : EXIT_CODES.failure.code;
  },
});
