// `npm run test:s3`: the contract of object stores, servers and workers that share one, and the deployed functions, over a
// real S3. That is the one which HUBFUSE_S3 names (a store's address, with credentials where the AWS tools look for them),
// else Debian's radosgw, started for the occasion; where it cannot be had the reason is said and nothing is tested.
// `npm run test:s3 -- npm test` runs another command with that S3, or without one where there is none.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureBuilt } from './build.mjs';
import { ensureInstalled } from './install.mjs';
import { readArguments } from './read-arguments.mjs';
import { KEYS, prepare, start } from './s3/radosgw.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const BUCKET = 'hubfuse-test';

const command = process.argv.slice(2);
// What follows is a command with options of its own.
if (command[0]?.startsWith('-')) readArguments({ script: import.meta.url, positionals: '[<command>...]' });
ensureInstalled();
ensureBuilt();
if (process.env.HUBFUSE_S3) process.exitCode = runTests({});
else await overRadosgw(join(root, 'node_modules', '.cache', 'radosgw'));

async function overRadosgw(folder) {
  const reason = prepare(folder);
  if (reason !== undefined) {
    process.stdout.write(`test:s3 skipped: ${reason}\n`);
    if (command.length > 0) process.exitCode = runTests({});
    return;
  }
  const data = mkdtempSync(join(tmpdir(), 'hubfuse-radosgw-'));
  let server;
  try {
    server = await start({ folder, data });
    const { S3Client, CreateBucketCommand } = await import('@aws-sdk/client-s3');
    const { endpoint } = server;
    const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials: KEYS });
    await client.send(new CreateBucketCommand({ Bucket: BUCKET }));
    process.exitCode = runTests({
      HUBFUSE_S3: `s3://${BUCKET}/?endpoint=${endpoint}`,
      AWS_ACCESS_KEY_ID: KEYS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: KEYS.secretAccessKey,
    });
  } finally {
    server?.stop();
    rmSync(data, { recursive: true, force: true });
  }
}

function runTests(variables) {
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const suites = [process.execPath, vitest, 'run', 'tests/real-s3', 'tests/service/fleet', 'tests/cloud/deployed'];
  const [program, ...argv] = command.length > 0 ? command : suites;
  const env = { ...process.env, ...variables };
  return spawnSync(program, argv, { cwd: root, env, stdio: 'inherit' }).status ?? 1;
}
