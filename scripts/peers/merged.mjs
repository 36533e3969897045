// Merges the example's models from a Hub on this machine, publishes the result there, and checks both with PyTorch: the
// merged folder and the published repository must give the logits that our ONNX graph gives. node scripts/peers/merged.mjs
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { startHubServer } from '@hubfuse/hub-server';
import { importExamples } from '../example-hub.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(dirname(here));
const python = process.env.PYTHON || 'python3';
/** transformers.js is a dependency of the room that scores. */
const transformers = createRequire(join(root, 'packages', 'evaluate', 'package.json')).resolve(
  '@huggingface/transformers',
);

const TEXTS = [
  'how much money is in my account',
  'turn off the lights in the kitchen',
  'when does my flight leave',
  '',
];
const MODELS = ['money', 'home', 'travel', 'office'].map((name) => `hubfuse-examples/intents-${name}`);
const REPO = 'you/four-domains';

const folder = mkdtempSync(join(tmpdir(), 'hubfuse-peers-merged-'));
const hubFolder = join(folder, 'hub');
await importExamples(hubFolder);
const hub = await startHubServer({ folder: hubFolder });
const env = {
  ...process.env,
  HF_ENDPOINT: hub.url,
  HF_HOME: join(folder, 'huggingface'),
  HF_TOKEN: 'hf_peers',
  HF_HUB_DISABLE_TELEMETRY: '1',
  HF_HUB_DISABLE_PROGRESS_BARS: '1',
  HUBFUSE_HOME: join(folder, 'home'),
};

/** Not spawnSync: the Hub of this process must go on answering. */
async function run(program, argv) {
  const child = spawn(program, argv, { cwd: folder, env, stdio: ['ignore', 'inherit', 'inherit'] });
  const code = await new Promise((done, fail) => child.on('error', fail).on('close', done));
  if (code !== 0) throw new Error(`${argv[0]} ended with ${code}`);
}

/** Logits of the merged folder's onnx/model.onnx, one list of numbers for each text. */
async function ourLogits(model) {
  const { AutoModelForSequenceClassification, AutoTokenizer } = await import(pathToFileURL(transformers).href);
  const options = { local_files_only: true, dtype: 'fp32' };
  const tokenizer = await AutoTokenizer.from_pretrained(model, options);
  const classifier = await AutoModelForSequenceClassification.from_pretrained(model, options);
  const rows = [];
  for (const text of TEXTS) rows.push(Array.from((await classifier(tokenizer(text))).logits.data));
  return rows;
}

try {
  const merge = ['merge', ...MODELS, '--method', 'pcb', '--base', 'hubfuse-examples/intents-base', '-p', 'lambda=0.5'];
  const target = ['--out', 'merged', '--publish', REPO, '--quiet'];
  await run(process.execPath, [join(root, 'packages', 'cli', 'bin', 'hubfuse.js'), ...merge, ...target]);
  const merged = join(folder, 'merged');
  const expected = join(folder, 'expected.json');
  writeFileSync(expected, JSON.stringify({ texts: TEXTS, logits: await ourLogits(merged) }));
  await run(python, [join(here, 'merged_client.py'), expected, merged, REPO]);
} catch (error) {
  process.stderr.write(`merged: ${error.message}\n`);
  process.exitCode = 1;
} finally {
  await hub.close();
  rmSync(folder, { recursive: true, force: true });
}
