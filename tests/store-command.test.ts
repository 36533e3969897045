import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type S3Double, startS3Double } from '../packages/objects/test/s3-double/server.ts';
import { hubfuse } from './support/hubfuse.ts';
import { S3_VARIABLES } from './support/s3-double.ts';

const MODELS = fileURLToPath(new URL('../examples/intents-tiny/', import.meta.url));

let s3: S3Double;
let directory: string;
beforeAll(async () => {
  s3 = await startS3Double();
  directory = await mkdtemp(join(tmpdir(), 'hubfuse-store-'));
});
afterAll(async () => {
  await s3.close();
  await rm(directory, { recursive: true, force: true });
});

const run = (argv: string[]) =>
  hubfuse(argv, {
    directory,
    variables: {
      ...S3_VARIABLES,
      HUBFUSE_HOME: join(directory, 'home'),
      HF_HOME: join(directory, 'huggingface'),
    },
  });

test('a merge whose state lies in S3 leaves a folder that is published to S3, and its store is copied home', async () => {
  const store = s3.storeUrl('state', 'runs');
  await writeFile(join(directory, 'hubfuse.config.json'), JSON.stringify({ store }));
  const models = ['money', 'home'].map((name) => join(MODELS, name));
  const merged = await run(['merge', ...models, '--method', 'linear', '--out', 'merged', '--json']);
  expect(merged.code, merged.stderr).toBe(0);
  expect(merged.stderr).not.toContain('AWS SDK');

  const place = s3.storeUrl('models', 'intents');
  const published = await run(['publish', 'merged', place, '--json']);
  expect(published.code, published.stderr).toBe(0);
  expect(published.last()).toMatchObject({ url: 's3://models/intents/manifest.json', already: false });
  expect((await run(['publish', 'merged', place, '--json'])).last()).toMatchObject({ already: true });

  const copied = await run(['store', 'copy', store, 'copied', '--json']);
  expect(copied.code, copied.stderr).toBe(0);
  expect(copied.last()).toMatchObject({ objects: s3.bucket('state').objects.size, from: store });
});

test('what cannot be copied is said', async () => {
  await mkdir(join(directory, 'same'));
  expect((await run(['store', 'move', 'same', 'other'])).stderr).toContain('hubfuse store copy <from> <to>');
  expect(await run(['store', 'copy', 'same', './same'])).toMatchObject({ code: 2 });
  await writeFile(join(directory, 'same', 'object'), 'x');
  const absent = await run(['store', 'copy', 'same', `s3://absent/x?endpoint=${s3.endpoint}`]);
  expect(absent.code).toBe(1);
  expect(absent.stderr).toContain('make the bucket first');
});
