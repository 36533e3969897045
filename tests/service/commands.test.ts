import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { exampleRecipe } from '../runs/example-run.ts';
import { type ExampleHub, startExampleHub } from '../support/example-hub.ts';
import { hubfuse } from '../support/hubfuse.ts';
import { LONGEST_TEST_MS, type Served, serve } from './served.ts';

let hub: ExampleHub;
let service: Served;
let variables: Record<string, string>;
let recipe: string;

beforeAll(async () => {
  hub = await startExampleHub();
  recipe = join(hub.work, 'recipe.yaml');
  await writeFile(recipe, exampleRecipe({ method: 'task_arithmetic', domains: ['money', 'home'], evaluate: false }));
  // The first key is made on the folder of a server that does not run yet, whichever server other commands are told to ask.
  const made = await hubfuse(
    [
      'keys',
      'create',
      '--name',
      'me',
      '--scope',
      'admin',
      '--namespace',
      '*',
      '--data',
      join(hub.work, 'commands'),
      '--json',
    ],
    { variables: { ...hub.variables, HUBFUSE_SERVER: 'http://127.0.0.1:1' } },
  );
  service = await serve(hub, { name: 'commands', argv: ['--host', '0.0.0.0'] });
  variables = { ...hub.variables, HUBFUSE_SERVER: service.url, HUBFUSE_KEY: String(made.last().key) };
});
afterAll(async () => {
  await service?.stop();
  await hub.close();
});

const run = (...argv: string[]) => hubfuse(argv, { variables });

test(
  'a run is started, lets go of on Ctrl-C, followed to its end, read and deleted',
  async () => {
    const started = await hubfuse(['runs', 'start', recipe], {
      variables,
      onStart: (child) => {
        child.stderr?.on('data', (text: string) => {
          if (text.includes('cancel it:')) void sleep(200).then(() => child.kill('SIGINT'));
        });
      },
    });
    expect(started.code, started.stderr).toBe(0);
    const [, id = ''] = /follow it: {2}hubfuse runs follow (\S+) --server/.exec(started.stderr) ?? [];
    expect(started.stderr).toContain(`hubfuse runs cancel ${id} --server ${service.url}`);
    const followed = await run('runs', 'follow', id, '--json');
    expect(followed.code, followed.stdout).toBe(0);
    expect(followed.last()).toMatchObject({ event: 'result', run: { id, state: 'done' } });
    const out = join(hub.work, 'config.json');
    expect((await run('runs', 'artefacts', id, 'config.json', '--out', out)).code).toBe(0);
    expect((await run('runs', 'retry', id)).code).toBe(0);
    expect((await run('runs', 'cancel', id)).code).toBe(0);
    await run('runs', 'follow', id);
    expect((await run('runs', 'delete', id)).code).toBe(0);
    const gone = await run('runs', 'show', id, '--json');
    expect(gone.last()).toMatchObject({ event: 'error', code: 'run/unknown' });
  },
  LONGEST_TEST_MS,
);

test(
  'a stored recipe is put once, changed with its etag alone, and refused with line and place',
  async () => {
    expect((await run('recipes', 'put', 'mine', recipe)).code).toBe(0);
    const again = await run('recipes', 'put', 'mine', recipe, '--json');
    expect(again.last()).toMatchObject({ event: 'error', code: 'request/condition-required', exitCode: 2 });
    const shown = (await run('recipes', 'show', 'mine', '--json')).lines();
    const found = shown.find(({ event }) => event === 'result')?.recipe as { etag: string } | undefined;
    expect((await run('recipes', 'put', 'mine', recipe, '--etag', found?.etag ?? '')).code).toBe(0);
    const wrong = join(hub.work, 'wrong.yaml');
    await writeFile(wrong, 'merge_method: linear\nmodels: [./local, a/b]\n');
    const refused = await run('recipes', 'put', 'wrong', wrong);
    expect(refused.code).toBe(3);
    expect(refused.stderr).toContain('./local');
    expect((await run('recipes', 'delete', 'mine')).code).toBe(0);
  },
  LONGEST_TEST_MS,
);

test(
  'without a key, or with a server that is not there, the command says so',
  async () => {
    const { HUBFUSE_KEY: _, ...keyless } = variables;
    expect((await hubfuse(['runs', 'list'], { variables: keyless })).code).toBe(4);
    const away = await hubfuse(['runs', 'list', '--server', 'http://127.0.0.1:9'], { variables });
    expect(away.code).toBe(4);
    expect(away.stderr).toContain('the server cannot be reached');
    const nowhere = await hubfuse(['runs', 'list'], { variables: hub.variables });
    expect(nowhere).toMatchObject({ code: 2 });
  },
  LONGEST_TEST_MS,
);
