import { publishFolder } from '@hubfuse/hub';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { publicationOf, stateOf } from './hub/publication.ts';
import { noise, startTestHub, type TestHub } from './hub/test-hub.ts';
import { hubfuse } from './support/hubfuse.ts';

const REPO = 'tester/merged';
const model = (seed: number) => ({ 'config.json': `{"seed":${seed}}`, 'model.safetensors': noise(2000, seed) });

let hub: TestHub;
beforeAll(async () => {
  hub = await startTestHub();
});
afterAll(async () => await hub.close());

const run = async (argv: readonly string[], token = 'hf_tester') =>
  await hubfuse(['rollback', ...argv, '--hub', hub.url], {
    directory: hub.root,
    variables: { HF_HOME: hub.root, ...(token === '' ? {} : { HF_TOKEN: token }) },
  });

test('the command takes a publication back, once, and says what', async () => {
  const first = await publishFolder(await publicationOf(hub, model(1)));
  const second = await publishFolder(await publicationOf(hub, model(2)));
  const shown = await run([REPO, '--reason', 'worse']);
  expect(shown.code, shown.stderr).toBe(0);
  expect(shown.stdout).toContain(`was taken back (${second.revision.slice(0, 12)}`);
  expect(shown.stdout).toContain(first.revision.slice(0, 12));
  const again = await run([REPO, '--json']);
  expect(again.last()).toMatchObject({ already: true, withdrawn: { revision: second.revision, reason: 'worse' } });
  expect((await stateOf(hub, REPO)).commits).toHaveLength(4);
});

test('a refusal says why and what to do, with the exit code of the Hub', async () => {
  const missing = await run([REPO], '');
  expect(missing.code).toBe(4);
  expect(missing.stderr).toMatch(/needs an access token.*\n.*hf auth login/);
  const absent = await run(['tester/absent']);
  expect(absent.code).toBe(4);
  expect(absent.stderr).toContain('tester/absent');
});
