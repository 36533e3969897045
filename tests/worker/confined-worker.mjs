// Runs inside network and mount namespaces of its own: starts a Hub on loopback, makes a run, and lets the worker of a folder
// execute it in a chroot: another user, a root that cannot be written, nothing to reach but loopback. Two arguments: the folder and
// a folder to work in. Prints what it found as JSON.
import { spawn, spawnSync } from 'node:child_process';
import { chownSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { startHubServer } from '@hubfuse/hub-server';
import { openStore } from '@hubfuse/objects';
import { parseRecipe } from '@hubfuse/recipe';
import { createRun, executeRun, readRun } from '@hubfuse/runs';
import { createRegistry } from 'hubfuse';
import { importExamples } from '../../scripts/example-hub.mjs';

const [folder, work, uid, recipeText] = process.argv.slice(2);
const sh = (command, ...argv) => {
  const { status, stderr } = spawnSync(command, argv, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${argv.join(' ')}: ${stderr}`);
};
sh('ip', 'link', 'set', 'lo', 'up');
const scratch = join(work, 'scratch');
mkdirSync(scratch);
sh('mount', '--bind', folder, folder);
sh('mount', '-o', 'remount,bind,ro', folder);
sh('mount', '-t', 'tmpfs', 'tmpfs', join(folder, 'tmp'));
sh('mount', '--bind', scratch, join(folder, 'scratch'));

const hubFolder = join(work, 'hub');
await importExamples(hubFolder);
const hub = await startHubServer({ folder: hubFolder });
const registry = await createRegistry(work, []);
const recipe = parseRecipe(recipeText, { registry, hub: hub.url, base: 'later' });
const options = { hubUrl: hub.url, workingDirectory: '/' };
const access = { hubUrl: hub.url, cacheDir: join(work, 'cache'), token: 'hf_you' };

const store = await openStore(join(scratch, 'store'), registry);
const { id: runId } = await createRun({ store, recipe, options });
sh('chown', '-R', `${uid}:${uid}`, scratch);
chownSync(scratch, Number(uid), Number(uid));

const environment = {
  // Where chroot itself is found.
  PATH: process.env.PATH,
  HOME: '/scratch',
  HF_HOME: '/scratch/huggingface',
  HUBFUSE_HOME: '/scratch/hubfuse',
  HF_ENDPOINT: hub.url,
  HF_TOKEN: 'hf_you',
};
const confined = (...argv) =>
  new Promise((resolve) => {
    const child = spawn('chroot', [`--userspec=${uid}:${uid}`, folder, '/usr/local/bin/node', ...argv], {
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (data) => {
      stdout += data;
    });
    child.stderr.on('data', (data) => {
      stderr += data;
    });
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });

const probe = await confined(
  '-e',
  `const { writeFileSync, existsSync } = require('node:fs');
   const refused = (path) => { try { writeFileSync(path, ''); return 'written'; } catch (error) { return error.code; } };
   const said = { uid: process.getuid(), root: refused('/opt/x'), program: refused('/opt/hubfuse/node_modules/hubfuse/package.json'),
     scratch: refused('/scratch/probe'), shell: existsSync('/bin/sh'), npm: existsSync('/usr/local/bin/npm') };
   require('node:net').connect({ host: '192.0.2.1', port: 80 }).on('error', ({ code }) => console.log(JSON.stringify({ ...said, network: code })));`,
);
const worker = await confined(
  '/opt/hubfuse/node_modules/hubfuse/bin/hubfuse.js',
  ...['worker', '--run', runId, '--store', '/scratch/store', '--workers', '1'],
);
const { state, report } = await readRun({ store, runId });

const own = await openStore(join(work, 'own-store'), registry);
const { id: reference } = await createRun({ store: own, recipe, options });
const outside = await executeRun({
  store: own,
  runId: reference,
  registry,
  hub: access,
  workspace: join(work, 'own'),
  workers: 1,
});
await hub.close();
process.stdout.write(`${JSON.stringify({ probe, worker, status: state.status, report, outside })}\n`);
process.exit(0);
