// The zoos to study: folders of models, data and scores.json below the folder that HUBFUSE_ZOO names.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';

/** Names of models that are no specialists. */
const BASE = 'base';
const ALL = 'all';

const TASKS = { SequenceClassification: 'text-classification', TokenClassification: 'token-classification' };

/** @returns the zoos whose models can be scored, the smallest first */
export function findZoos(folder) {
  return readdirSync(folder)
    .map((name) => readZoo(join(folder, name)))
    .filter((zoo) => zoo !== undefined)
    .sort((a, b) => a.bytes * a.examples - b.bytes * b.examples);
}

function readZoo(folder) {
  if (!existsSync(join(folder, 'scores.json')) || !existsSync(join(folder, 'data'))) return undefined;
  const { out_of_domain: outOfDomain = [] } = JSON.parse(readFileSync(join(folder, 'scores.json'), 'utf8'));
  const models = readdirSync(folder).filter((name) => existsSync(join(folder, name, 'model.safetensors')));
  const specialists = models.filter((name) => name !== BASE && name !== ALL).map((name) => join(folder, name));
  const [first] = specialists;
  if (first === undefined || specialists.length < 3) return undefined;
  const [architecture = ''] = JSON.parse(readFileSync(join(first, 'config.json'), 'utf8')).architectures ?? [];
  const task = TASKS[Object.keys(TASKS).find((ending) => architecture.endsWith(ending))];
  if (task === undefined) return undefined;
  const names = readdirSync(join(folder, 'data')).filter((file) => file.endsWith('.dev.jsonl'));
  const datasets = names.map((file) => {
    const name = file.slice(0, -'.dev.jsonl'.length);
    const split = (part) => join(folder, 'data', `${name}.${part}.jsonl`);
    return { name, dev: split('dev'), test: split('test'), domain: outOfDomain.includes(name) ? 'out' : 'in' };
  });
  const inDomain = datasets.filter(({ domain }) => domain === 'in');
  return {
    name: basename(folder),
    folder,
    task,
    base: join(folder, BASE),
    all: models.includes(ALL) ? join(folder, ALL) : undefined,
    specialists,
    datasets,
    calibrated: specialists.every((model) => existsSync(join(folder, 'data', `${basename(model)}.calib.jsonl`))),
    bytes: statSync(join(first, 'model.safetensors')).size,
    examples: inDomain.reduce((sum, { dev }) => sum + readFileSync(dev, 'utf8').trimEnd().split('\n').length, 0),
  };
}
