// `npm run simulate:scale`: what merges and searches over many machines would take, by the model of docs/scale.md. First it has
// to predict a merge over four real processes on the Batch double of the tests, from runs over two and three; where it is wrong
// by more than a fifth, nothing is said of more children.
//
//   npm run simulate:scale -- [--children 64] [--runs <file>]
//
// --runs keeps the seconds of such runs in a file; those that stand in it are not run again, where it was this machine that ran
// them, and this code.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureBuilt } from './build.mjs';
import { readArguments } from './read-arguments.mjs';
import { differences, measuredOn } from './scale/measured-on.mjs';
import {
  costOfLostChild,
  fitOneMachine,
  secondsOnOneMachine,
  simulatePopulation,
  simulateSharedMerge,
} from './scale/model.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
/** The most that a prediction may be wrong by. */
const TOLERANCE = 0.2;
const { values: options } = readArguments({
  script: import.meta.url,
  options: { children: { type: 'number', default: 64 }, runs: { type: 'string' } },
});
const { children } = options;

const say = (/** @type {string} */ text = '') => process.stdout.write(`${text}\n`);
const seconds = (/** @type {number} */ value) =>
  value < 120
    ? `${value.toFixed(1)} s`
    : value < 7200
      ? `${(value / 60).toFixed(0)} min`
      : `${(value / 3600).toFixed(1)} h`;
const bytes = (/** @type {number} */ value) =>
  value >= 1e12 ? `${(value / 1e12).toFixed(2)} TB` : `${(value / 1e9).toFixed(1)} GB`;

ensureBuilt();
if (!predictsFour()) process.exit(1);
speak(await import('@hubfuse/cloud'));

/** Runs merges over real processes and says whether the model predicts the one over four. */
function predictsFour() {
  const { runs, on, date } = measuredRuns();
  const { processors } = on;
  const { predicted, ...known } = runs;
  const fitted = fitOneMachine({ ...known, processors });
  const expected = secondsOnOneMachine({ ...fitted, ...predicted });
  const error = expected / predicted.seconds - 1;
  say(`merges over the Batch double on ${processors} x ${on.processor}, Node.js ${on.node}, ${date}`);
  for (const { children, gb, seconds: took, processorSeconds, load } of Object.values(runs)) {
    say(
      `  ${children} children, ${gb.toFixed(2)} GB of models: ${took.toFixed(1)} s, ${processorSeconds.toFixed(1)} s of processors (load ${load.toFixed(1)})`,
    );
  }
  say(
    `fitted to the first four: ${fitted.waitSeconds.toFixed(1)} s waited, and of processors ${fitted.runSeconds.toFixed(1)} s, ` +
      `${fitted.secondsPerChild.toFixed(2)} s for each child, ${fitted.secondsPerGbFetched.toFixed(1)} s for each GB that it fetches, ` +
      `${fitted.secondsPerGb.toFixed(1)} s for each GB that is merged`,
  );
  say(
    `4 children: predicted ${expected.toFixed(1)} s, took ${predicted.seconds.toFixed(1)} s: ${(100 * error).toFixed(0)} %`,
  );
  if (Math.abs(error) <= TOLERANCE) return true;
  say();
  say(
    `That is beyond ${100 * TOLERANCE} %: nothing is said of ${children} children. A machine with other work to do is a reason.`,
  );
  return false;
}

function measuredRuns() {
  if (options.runs !== undefined && existsSync(options.runs)) {
    const changed = differences(JSON.parse(readFileSync(options.runs, 'utf8')).on ?? {}, measuredOn());
    if (changed.length > 0) {
      say(`The times in ${options.runs} are of something else: ${changed.join('; ')}.`);
      process.exit(1);
    }
  }
  const folder = mkdtempSync(join(tmpdir(), 'hubfuse-scale-'));
  const file = resolve(options.runs ?? join(folder, 'runs.json'));
  try {
    const { status } = spawnSync('npx', ['vitest', 'run', 'tests/cloud/scale-runs.test.ts'], {
      ...{ cwd: root, stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, HUBFUSE_SCALE: file } },
    });
    if (status !== 0) {
      say('The runs over the Batch double failed: the model was not checked, and nothing is said of more children.');
      process.exit(1);
    }
    return JSON.parse(readFileSync(file, 'utf8'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param {typeof import('@hubfuse/cloud')} cloud */
function speak({ awsPrices, CLOUD_NETWORK, BATCH_START_SECONDS }) {
  const machineOf = (/** @type {string} */ name) => {
    const found = awsPrices.INSTANCES.get(name);
    if (found === undefined) throw new Error(`no price of ${name}`);
    const common = { name, vcpus: found.vcpus, network: CLOUD_NETWORK, startSeconds: BATCH_START_SECONDS };
    return { ...common, usdPerHour: found.onDemand.usd };
  };
  say();
  say(
    `Assumed, and never measured: ${CLOUD_NETWORK / 1e6} MB/s between a machine and the Hub or S3, ${BATCH_START_SECONDS} s to start one.`,
  );
  say('Measured: kernels and scoring on processors (packages/runs/src/cost/throughput.ts). Prices: docs/deploy.md.');

  const merge = {
    ...{
      parameters: 70e9,
      models: 8,
      bytesPerParameter: 2,
      fileBytes: 4.7e9,
      children,
      machine: machineOf('i4i.xlarge'),
    },
    ...{ processorSecondsPerGb: 6.83, writingSecondsPerGb: 3.75, usdPerGbSent: awsPrices.TRANSFER_OUT.usd },
  };
  const merged = simulateSharedMerge(merge);
  say();
  say(`PCB of 8 models of 70 B parameters over ${children} x ${merge.machine.name}`);
  say(`  ${seconds(merged.total)}, about $${merged.usd.toFixed(0)}; bottleneck: ${merged.bottleneck}`);
  for (const [step, took] of Object.entries(merged.seconds)) say(`    ${step.padEnd(8)} ${seconds(took)}`);
  for (const [way, moved] of Object.entries(merged.moved)) say(`    ${way.padEnd(10)} ${bytes(moved)}`);
  const lost = costOfLostChild({ ...merge, leaseSeconds: 60, partsPerChild: 2 });
  say(`  a lost child: ${seconds(lost.seconds)} of one machine, ${bytes(lost.bytes)} again, $${lost.usd.toFixed(2)}`);

  const search = {
    ...{ population: 64, machines: 16, generations: 10, parameters: 110e6, bytesPerParameter: 2, tokens: 6600 },
    ...{
      matrixShare: 0.78,
      racedShare: 0.5,
      machine: machineOf('g6.xlarge'),
      processorSecondsPerGb: 1.51,
      secondsPerGflop: 1 / 80,
    },
  };
  const searched = simulatePopulation(search);
  say();
  say(
    `A population of 64 encoders of 110 M parameters on 16 x ${search.machine.name}, 10 generations, 600 sentences each`,
  );
  say(
    '  GPU: never measured with this code, so it scores on the 4 processors of each machine; a GPU would make `score` shorter alone',
  );
  say(`  ${seconds(searched.total)}, about $${searched.usd.toFixed(2)}; bottleneck: ${searched.bottleneck}`);
  for (const [step, took] of Object.entries(searched.seconds)) say(`    ${step.padEnd(8)} ${seconds(took)}`);
  say(`    fromHub    ${bytes(searched.moved.fromHub)}`);
  say(
    `  a lost machine: ${seconds(searched.lost.seconds)} of another, ${bytes(searched.lost.bytes)} again, $${searched.lost.usd.toFixed(2)}`,
  );
}
