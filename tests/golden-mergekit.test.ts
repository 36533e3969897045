import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HubfuseError } from '@hubfuse/plugin';
import { readSafetensors } from '@hubfuse/tensors';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { differences, type Tolerance } from './compare-tensors.ts';
import { goldenPart } from './golden-folder.ts';
import { type LocalRuns, startLocalRuns } from './local-runs.ts';
import { builtIns } from './merge-recipe.ts';
import { pendingKey } from './pending-recipes.ts';

/** An entry of `expected/index.json`, or a `fix/<name>.json`. */
interface Expected {
  recipe: string;
  tensors?: string;
  compare: string;
  tolerance: Tolerance;
  ambiguous?: string;
  config?: Record<string, unknown>;
  same_file_as?: Record<string, string>;
  files_kept?: string[];
  files_absent?: string[];
}

/** An entry of `refuse/expect.json`. */
interface Refusal {
  recipe: string;
  where: string;
  mentions: string[];
}

const folder = goldenPart('mergekit');
if (folder !== undefined) await describeMergekit(folder);

async function describeMergekit(folder: string) {
  const path = (name: string) => join(folder, name);
  const readJson = async <T>(name: string) => JSON.parse(await readFile(path(name), 'utf8')) as T;
  const methods = (await builtIns()).names('method');
  const before = process.cwd();
  let temporary: string;
  let runs: LocalRuns;
  // Recipes name models by paths relative to this folder.
  beforeAll(async () => {
    process.chdir(folder);
    temporary = await mkdtemp(join(tmpdir(), 'hubfuse-mergekit-'));
    runs = await startLocalRuns(join(temporary, 'runs'));
  });
  afterAll(async () => {
    process.chdir(before);
    await runs.close();
    await rm(temporary, { recursive: true, force: true });
  });

  async function check(name: string, expected: Expected, text: string) {
    const out = join(temporary, name);
    await runs.execute({ text, file: expected.recipe, out });
    const { tensors } = await readSafetensors(join(out, 'model.safetensors'));
    const reference = await readSafetensors(path(expected.tensors ?? ''));
    const ambiguous =
      expected.ambiguous === undefined ? new Map() : (await readSafetensors(path(expected.ambiguous))).tensors;
    const found = differences({
      found: tensors,
      expected: reference.tensors,
      tolerance: expected.tolerance,
      ambiguous,
    });
    expect(found).toEqual([]);
    const config = JSON.parse(await readFile(join(out, 'config.json'), 'utf8')) as Record<string, unknown>;
    for (const [key, value] of Object.entries(expected.config ?? {})) expect(config[key], key).toEqual(value);
    for (const [file, original] of Object.entries(expected.same_file_as ?? {})) {
      expect(await content(join(out, file)), file).toEqual(await content(path(original)));
    }
    for (const file of expected.files_kept ?? []) expect(existsSync(join(out, file)), `${file} is there`).toBe(true);
    for (const file of expected.files_absent ?? []) expect(existsSync(join(out, file)), `${file} is there`).toBe(false);
  }

  async function describeExpected(title: string, entries: Record<string, Expected>) {
    const texts = await Promise.all(Object.values(entries).map((entry) => readFile(path(entry.recipe), 'utf8')));
    describe(title, () => {
      for (const [i, [name, expected]] of Object.entries(entries).entries()) {
        const text = texts[i] as string;
        const pending = pendingKey(text, methods);
        if (pending === undefined) test(name, () => check(`${title}/${name}`, expected, text));
        else {
          test(name, async ({ skip }) => {
            expect(isNotYet(await refusalOf(runs, { text, file: expected.recipe }))).toBe(true);
            skip(`pending: ${pending}`);
          });
        }
      }
    });
  }

  if (existsSync(path('expected/index.json'))) {
    await describeExpected('what mergekit computes', await readJson('expected/index.json'));
  } else test.skip(`golden mergekit/expected: absent from ${folder}`, () => {});

  if (existsSync(path('fix'))) {
    const names = (await readdir(path('fix'))).filter((name) => /^[^.]+\.json$/.test(name)).sort();
    const entries = await Promise.all(
      names.map(async (name) => [name.slice(0, -5), await readJson<Expected>(`fix/${name}`)] as const),
    );
    await describeExpected('what mergekit gets wrong', Object.fromEntries(entries));
  } else test.skip(`golden mergekit/fix: absent from ${folder}`, () => {});

  if (existsSync(path('refuse/expect.json'))) {
    const refusals = Object.entries(await readJson<Record<string, Refusal>>('refuse/expect.json'));
    const texts = await Promise.all(refusals.map(([, { recipe }]) => readFile(path(recipe), 'utf8')));
    describe('what is refused before any weight is read', () => {
      for (const [i, [name, refusal]] of refusals.entries()) {
        const text = texts[i] as string;
        test(name, async ({ skip }) => {
          const error = await refusalOf(runs, { text, file: refusal.recipe });
          const pending = pendingKey(text, methods);
          if (pending !== undefined && isNotYet(error)) skip(`pending: ${pending}`);
          for (const words of [refusal.where, ...refusal.mentions]) expect(error.message).toContain(words);
        });
      }
    });
  } else test.skip(`golden mergekit/refuse: absent from ${folder}`, () => {});
}

/** The error that a recipe is refused with from headers alone. */
async function refusalOf(runs: LocalRuns, recipe: { text: string; file: string }): Promise<HubfuseError> {
  const error = await runs.plan(recipe).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof HubfuseError) return error;
  throw new Error('the recipe is not refused with an error of hubfuse', { cause: error });
}

/** Whether nothing is wrong with a recipe but that hubfuse does not do it yet. */
function isNotYet({ code, summary }: HubfuseError): boolean {
  return code === 'recipe/not-yet' || (code === 'recipe/unknown-method' && summary.endsWith(' yet'));
}

async function content(path: string): Promise<unknown> {
  const text = await readFile(path, 'utf8');
  return path.endsWith('.json') ? (JSON.parse(text) as unknown) : text;
}
