// Starts the service of a Space: what its settings say becomes what the command is told.
import { spawn } from 'node:child_process';

const {
  HUBFUSE_BIN = '/opt/hubfuse/packages/cli/bin/hubfuse.js',
  HUBFUSE_ADMIT = '',
  HUBFUSE_LAUNCHER = 'local',
  PORT = '7860',
} = process.env;
const admitted = HUBFUSE_ADMIT.split(/[\s,]+/).filter((account) => account !== '');
const child = spawn(
  process.execPath,
  [
    ...[HUBFUSE_BIN, 'serve', '--host', '0.0.0.0', '--port', PORT, '--launcher', HUBFUSE_LAUNCHER],
    ...admitted.flatMap((account) => ['--admit', account]),
  ],
  { stdio: 'inherit' },
);
// A Space that is stopped gets a moment to give its runs back.
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => child.kill(signal));
child.on('close', (code) => process.exit(code ?? 1));
