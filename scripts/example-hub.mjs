// Puts the example zoo into the folder of a Hub: five models and their data as a dataset, under the names that the
// example's recipe and the models' cards use. What stands there already is left as it is.
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { importFolder } from '@hubfuse/hub-server';

const zoo = join(dirname(dirname(fileURLToPath(import.meta.url))), 'examples', 'intents-tiny');

/** Fixed, so that the example's commits have the same ids on every machine. */
const date = new Date('2026-01-01T00:00:00Z');

export const EXAMPLE_MODELS = ['base', 'money', 'home', 'travel', 'office'];

/** @param {string} root the Hub's folder */
export async function importExamples(root) {
  for (const model of EXAMPLE_MODELS) {
    await importFolder({ root, repo: `hubfuse-examples/intents-${model}`, folder: join(zoo, model), date });
  }
  const data = datasetFolder();
  try {
    await importFolder({ root, repo: 'hubfuse-examples/clinc150', type: 'dataset', folder: data, date });
  } finally {
    rmSync(data, { recursive: true, force: true });
  }
}

/** `money.dev.jsonl` of the zoo is `money/dev.jsonl` of the dataset repository. */
function datasetFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'hubfuse-clinc150-'));
  for (const name of readdirSync(join(zoo, 'data'))) {
    const [dataset, split, extension] = name.split('.');
    mkdirSync(join(folder, dataset), { recursive: true });
    cpSync(join(zoo, 'data', name), join(folder, dataset, `${split}.${extension}`));
  }
  return folder;
}
