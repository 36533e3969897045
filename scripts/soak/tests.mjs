// The parts of the soak that are tests of `npm test` with higher counts.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const MUTATIONS = 100_000;
const KILLS = 50;

/** Safetensors headers, recipes and ONNX models, damaged at random. */
export function mutations(folder) {
  return runTests(folder, {
    files: ['packages/tensors/src/header', 'packages/recipe/src/mutations', 'packages/graphs/src/parse-onnx'],
    variables: { HUBFUSE_MUTATIONS: String(MUTATIONS) },
    titles: `${MUTATIONS} (damaged|mutated)`,
  });
}

/** Downloads, merges, publications and a Hub, each killed at random moments. */
export function kills(folder) {
  return runTests(folder, {
    files: ['tests/hub/killed', 'tests/runs/kills', 'tests/runs/search-kills', 'packages/hub-server/src/durability'],
    variables: { HUBFUSE_KILLS: String(KILLS), HUBFUSE_SOAK: '1' },
    titles: 'kill',
  });
}

/** Servers and workers over one store, killed at random moments: over a folder, and over the double of S3. */
export function serviceKills(folder) {
  return runTests(folder, {
    files: ['tests/service/fleet'],
    variables: { HUBFUSE_KILLS: String(KILLS), HUBFUSE_SOAK: '1', HUBFUSE_S3: undefined },
    titles: '.',
  });
}

/** The same over the S3 that `npm run test:s3` starts, or HUBFUSE_S3 names. */
export async function* serviceKillsOverS3(folder) {
  if (!process.env.HUBFUSE_S3) {
    const figure = 'no S3 here: npm run test:s3 -- npm run soak -- service-kills-s3';
    yield { what: 'kills of servers and workers over a real S3', outcome: 'skipped', figure };
    return;
  }
  yield* runTests(folder, {
    files: ['tests/service/fleet'],
    variables: { HUBFUSE_KILLS: String(KILLS), HUBFUSE_SOAK: '1' },
    titles: '.',
  });
}

/** Runs that several workers share, whose machines are taken away at random moments. */
export function arrays(folder) {
  return runTests(folder, {
    files: ['packages/merge/src/divide/execute-divided-merge', 'tests/runs/shared-runs', 'tests/cloud/arrays'],
    variables: { HUBFUSE_SOAK: '1' },
    titles: '.',
  });
}

/** Jobs that the Hub's webhooks start, and scoring on a graphics card of software. */
export function jobs(folder) {
  return runTests(folder, {
    files: ['tests/cloud/job-webhooks', 'tests/gpu/webgpu'],
    variables: { HUBFUSE_SOAK: '1' },
    titles: '.',
  });
}

/** Requests that are made at random from the OpenAPI document. */
export function requests(folder) {
  return runTests(folder, {
    files: ['tests/service/openapi'],
    variables: { HUBFUSE_SOAK: '1' },
    titles: 'requests made from the document',
  });
}

/** Tests that are too slow for `npm test`. */
export function slow(folder) {
  return runTests(folder, {
    files: ['packages/hub-server/src/routes/xet', 'tests/zoo-scores'],
    variables: { HUBFUSE_SOAK: '1' },
    titles: '(uploads by Xet|scores what PyTorch scores)',
  });
}

/** Suites that take too long for `npm test`, whole; a row for each. */
export function suites(folder) {
  return runTests(folder, {
    files: JSON.parse(readFileSync(join(root, 'scripts/soak/long-suites.json'), 'utf8')),
    variables: { HUBFUSE_SOAK: '1' },
    titles: '.',
    perFile: true,
  });
}

/** Runs the tests whose titles match, one file after another; a row per title, its rounds taken together, or a row per file. */
async function* runTests(folder, { files, variables, titles, perFile = false }) {
  for (const file of files) {
    const output = join(folder, `${file.replaceAll('/', '-')}.json`);
    const code = await vitest([file, '-t', titles, '--reporter=json', `--outputFile=${output}`], variables);
    const tests = JSON.parse(readFileSync(output, 'utf8')).testResults.flatMap((module) => module.assertionResults);
    const ran = tests.filter(({ status }) => status === 'passed' || status === 'failed');
    const titleOf = ({ title }) => (perFile ? file : title.replace(/ \(round \d+\)$/, ''));
    for (const what of new Set(ran.map(titleOf))) {
      const rounds = ran.filter((test) => titleOf(test) === what);
      yield rowOf(what, rounds);
    }
    if (code !== 0 && ran.every(({ status }) => status === 'passed')) {
      yield { what: file, outcome: 'failed', figure: `vitest ended with ${code}` };
    }
  }
}

function rowOf(what, rounds) {
  const passed = rounds.filter(({ status }) => status === 'passed').length;
  const seconds = rounds.reduce((sum, { duration }) => sum + duration / 1000, 0);
  const outcome = passed === rounds.length ? 'ok' : 'failed';
  return { what, outcome, figure: `${passed} of ${rounds.length} in ${seconds.toFixed(1)} s` };
}

/** Those of this process with others in their place; one that is undefined is not there. */
function withVariables(variables) {
  return Object.fromEntries(
    Object.entries({ ...process.env, ...variables }).filter(([, value]) => value !== undefined),
  );
}

function vitest(argv, variables) {
  const command = [join(root, 'node_modules', 'vitest', 'vitest.mjs'), 'run', ...argv];
  const child = spawn(process.execPath, command, {
    cwd: root,
    env: withVariables(variables),
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return new Promise((done, fail) => child.on('error', fail).on('close', done));
}
