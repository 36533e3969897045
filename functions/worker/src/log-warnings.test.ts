import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';

const dist = new URL('../dist/', import.meta.url);

test('a warning of Node.js is a line of the log and no text between the lines', () => {
  const program = `
    import { logWarnings } from '${new URL('log-warnings.js', dist)}';
    import { workerLog } from '${new URL('worker-log.js', dist)}';
    logWarnings(workerLog({ write: (text) => process.stdout.write(text), fields: { run: 'r' } }));
    process.emitWarning('soon no more', 'DeprecationWarning');`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
  expect(stderr).toBe('');
  expect(JSON.parse(stdout)).toMatchObject({
    ...{ level: 'warn', run: 'r', event: 'warning', name: 'DeprecationWarning', message: 'soon no more' },
  });
});
