import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createRepo, listCommits, listFiles, uploadFiles } from '@huggingface/hub';
import { afterEach, beforeEach, expect, test } from 'vitest';

const accessToken = 'hf_ana';
const repo = 'ana/model';
const main = new URL('../dist/index.js', import.meta.url).href;

/** `npm run soak` sets HUBFUSE_KILLS; `npm test` runs a slice. */
const KILLS = Number(process.env.HUBFUSE_KILLS || 6);

let folder: string;
let child: ChildProcess | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hub-durability-'));
});

afterEach(async () => {
  child?.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

/** Starts a Hub in a process of its own and waits until it listens. */
async function start(options: Record<string, unknown> = {}): Promise<{ hubUrl: string; process: ChildProcess }> {
  const given = JSON.stringify({ folder, stopOnSignals: true, partSize: 30_000, ...options });
  const script = `import { startHubServer } from ${JSON.stringify(main)};
    console.log((await startHubServer(${given})).url);`;
  child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout ?? process.stdin });
  const [hubUrl] = (await once(lines, 'line')) as [string];
  return { hubUrl, process: child };
}

/** Bytes that depend on the round alone. */
function content(round: number, size: number): Buffer {
  const bytes = Buffer.alloc(size);
  for (let i = 0; i < size; i++) bytes[i] = (i * 31 + round * 17) % 256;
  return bytes;
}

function upload(hubUrl: string, round: number): Promise<unknown> {
  return uploadFiles({
    hubUrl,
    accessToken,
    repo,
    commitTitle: `round ${round}`,
    files: [
      { path: 'config.json', content: new Blob([`{"round": ${round}}`]) },
      { path: 'small.bin', content: new Blob([content(round, 10_000)]) },
      { path: `parts-${round}.bin`, content: new Blob([content(round, 100_000)]) },
    ],
  });
}

/** Reads everything and compares it with the ids that name it. */
async function verify(hubUrl: string): Promise<string[]> {
  const titles: string[] = [];
  for await (const commit of listCommits({ hubUrl, repo })) titles.push(commit.title);
  for await (const entry of listFiles({ hubUrl, repo, recursive: true })) {
    const response = await fetch(`${hubUrl}/${repo}/resolve/main/${entry.path}`);
    const bytes = Buffer.from(await response.arrayBuffer());
    expect(bytes.length).toBe(entry.size);
    const sha1 = createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    expect(entry.lfs === undefined ? sha1 : sha256).toBe(entry.lfs?.oid ?? entry.oid);
  }
  return titles;
}

test(`a Hub that is killed at any moment holds every acknowledged commit and nothing half-done (${KILLS} kills)`, {
  timeout: 600_000,
}, async () => {
  let { hubUrl } = await start();
  await createRepo({ hubUrl, accessToken, repo });
  const acknowledged: string[] = [];
  for (let round = 0; round < KILLS; round++) {
    const running = child;
    const killed = once(running as ChildProcess, 'exit');
    setTimeout(() => running?.kill('SIGKILL'), 10 + ((round * 67) % 400));
    try {
      for (let step = 0; ; step++) {
        await upload(hubUrl, round * 100 + step);
        acknowledged.push(`round ${round * 100 + step}`);
      }
    } catch {
      // The connection broke: what was not acknowledged may be there or not.
    }
    await killed;
    ({ hubUrl } = await start());
    const titles = await verify(hubUrl);
    expect(titles.filter((title) => acknowledged.includes(title)).toReversed()).toEqual(acknowledged);
  }
  await upload(hubUrl, 9999);
  expect((await verify(hubUrl))[0]).toBe('round 9999');
});

test('SIGTERM ends the process although requests and connections are open', async () => {
  const { hubUrl, process: running } = await start({ faults: [{ kind: 'slow', delayMs: 600_000 }], graceMs: 100 });
  const hanging = fetch(`${hubUrl}/api/models`);
  const outcome = expect(hanging).rejects.toThrow();
  await fetch(`${hubUrl}/_faults`);
  const ended = once(running, 'exit');
  running.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
  await outcome;
});

test('leftovers of killed uploads stay out of the listing and of the blob store', async () => {
  const { hubUrl } = await start({ faults: [{ kind: 'cut-request', afterBytes: 0, path: '/.lfs/', times: 2 }] });
  await createRepo({ hubUrl, accessToken, repo });
  await expect(upload(hubUrl, 1)).rejects.toThrow();
  expect(await verify(hubUrl)).toEqual(['initial commit']);
  const blobs = await readdir(join(folder, '.hub', 'blobs'), { recursive: true, withFileTypes: true });
  // Only .gitattributes and what went through whole: no more than the two large files.
  expect(blobs.filter((entry) => entry.isFile()).length).toBeLessThanOrEqual(2);
  await upload(hubUrl, 1);
  expect((await verify(hubUrl))[0]).toBe('round 1');
});
