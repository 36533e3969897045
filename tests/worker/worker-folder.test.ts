import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RunReport } from '@hubfuse/runs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fillWorkerFolder, UID } from '../../scripts/worker-folder.mjs';
import { exampleRecipe } from '../runs/example-run.ts';

const SCRIPT = fileURLToPath(new URL('confined-worker.mjs', import.meta.url));
/** Bytes of the whole root file system. */
const MOST_BYTES = 400e6;

let work: string;
let folder: string;
beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'hubfuse-worker-'));
  folder = join(work, 'root');
  if (process.platform === 'linux' && process.arch === 'x64') fillWorkerFolder({ out: folder });
}, 120_000);
afterAll(() => rm(work, { recursive: true, force: true }));

const LINUX = process.platform === 'linux' && process.arch === 'x64';

/** Why this machine cannot confine a process; undefined where it can. */
function obstacle(): string | undefined {
  if (!LINUX) return 'the image is for Linux on x64';
  const { status, error } = spawnSync('unshare', ['--mount', '--net', '--', 'ip', 'link', 'set', 'lo', 'up']);
  if (error !== undefined) return 'there is no unshare';
  return status === 0 ? undefined : 'namespaces and a chroot take root, and iproute2';
}

async function sizeOf(path: string): Promise<number> {
  const facts = await stat(path);
  if (!facts.isDirectory()) return facts.size;
  const sizes = await Promise.all((await readdir(path)).map((name) => sizeOf(join(path, name))));
  return sizes.reduce((sum, size) => sum + size, 0);
}

test.skipIf(!LINUX)(
  'the image holds the worker and no server, no foreign platform and no compiler, in at most 400 MB',
  async () => {
    expect(await sizeOf(folder)).toBeLessThan(MOST_BYTES);
    const modules = join(folder, 'opt/hubfuse/node_modules');
    expect(await readdir(join(modules, 'onnxruntime-node/bin/napi-v6'))).toEqual(['linux']);
    expect(await readdir(join(modules, 'onnxruntime-node/bin/napi-v6/linux'))).toEqual(['x64']);
    const packages = await readdir(modules);
    for (const name of ['onnxruntime-web', 'hono', 'typescript', 'vitest', 'aws-cdk-lib'])
      expect(packages).not.toContain(name);
    expect(await readdir(join(modules, '@hubfuse'))).not.toContain('api');
    expect(await readdir(join(folder, 'usr/local/bin'))).toEqual(['node']);
  },
);

test('cuda cannot be put together without its libraries', () => {
  expect(() => fillWorkerFolder({ out: join(work, 'cuda'), variant: 'cuda' })).toThrow('--libraries');
  expect(() => fillWorkerFolder({ out: join(work, 'x'), variant: 'rocm' })).toThrow('none of cpu, webgpu, cuda');
});

test('as another user, on a root that cannot be written, with loopback alone, a worker merges and scores as anywhere', async (context) => {
  const why = obstacle();
  if (why !== undefined) context.skip(why);
  const recipe = exampleRecipe({
    domains: ['money', 'home'],
    evaluate: 10,
    publish: 'publish: {hub: {repo: you/confined}}',
  });
  const argv = ['--mount', '--net', '--', process.execPath, SCRIPT, folder, work, String(UID), recipe];
  const { stdout, stderr, code } = await run('unshare', argv);
  expect(code, stderr).toBe(0);
  const found = JSON.parse(stdout) as {
    probe: { stdout: string };
    worker: { code: number; stdout: string; stderr: string };
    status: string;
    report: RunReport;
    outside: RunReport;
  };
  expect(JSON.parse(found.probe.stdout)).toEqual({
    uid: UID,
    root: 'EROFS',
    program: 'EROFS',
    scratch: 'written',
    shell: false,
    npm: false,
    network: 'ENETUNREACH',
  });
  expect(found.worker.code, found.worker.stderr).toBe(0);
  expect(found.status).toBe('done');
  expect(found.report.published).toHaveLength(1);
  const weights = ({ files }: RunReport) => files.find(({ path }) => path === 'model.safetensors');
  expect(weights(found.report)).toEqual(weights(found.outside));
  expect(found.report.scores?.rows.map(({ name, test: score }) => [name, score?.mean])).toEqual(
    found.outside.scores?.rows.map(({ name, test: score }) => [name, score?.mean]),
  );
}, 180_000);

function run(file: string, argv: readonly string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  return new Promise((resolve, reject) => {
    // The certificates that a machine adds are not in the image.
    const { NODE_EXTRA_CA_CERTS: _, ...variables } = process.env;
    const child = spawn(file, argv, { env: variables, stdio: ['ignore', 'pipe', 'pipe'] });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}
