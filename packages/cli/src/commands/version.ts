import { arch, platform } from 'node:os';
import { defineCommand } from '../command.ts';
import { packageVersion } from '../package-version.ts';

export default defineCommand({
  name: 'version',
  summary: 'Show the version of hubfuse and of Node.js',
  description: [],
  positionals: [],
  options: {},
  examples: [{ command: 'hubfuse version', explanation: 'what to name in a bug report' }],
  async run({ output }) {
    const version = await packageVersion();
    const system = `${platform()}-${arch()}`;
    output.result(
      { version, node: process.version, system },
      () => `hubfuse ${version} (Node.js ${process.version}, ${system})`,
    );
    return undefined;
  },
});
