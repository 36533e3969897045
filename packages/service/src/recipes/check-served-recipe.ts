import type { RecipeError } from '@hubfuse/plugin';
import { type DataFile, type ModelEntry, type Recipe, recipeError } from '@hubfuse/recipe';

interface Problem {
  /** Place in the recipe. */
  path: string;
  message: string;
  hint: string;
}

const USE_HUB = 'upload it to the Hub and name it by its id, or run the recipe with the command on its own machine';

/**
 * A recipe that a service executes names repositories of its Hub and nothing of the machine that executes it.
 * @throws RecipeError `recipe/not-served` with everything that is wrong.
 */
export function checkServedRecipe(recipe: Recipe): void {
  const [first, ...rest] = [...modelProblems(recipe), ...dataProblems(recipe), ...publishProblems(recipe)];
  if (first === undefined) return;
  const code = 'recipe/not-served';
  const others: RecipeError[] = rest.map((problem) => recipeError({ recipe, code, ...problem }));
  throw recipeError({ recipe, code, ...first, others });
}

function* modelProblems({ models, base }: Recipe): Generator<Problem> {
  const entries: readonly ModelEntry[] = [...(base === undefined ? [] : [base]), ...models];
  const seen = new Set<string>();
  for (const { reference, text, path, calibration, statistics } of entries) {
    if (reference.kind === 'folder') yield local(path, `the model "${text}"`);
    // What stands at the top level is repeated in every entry.
    if (calibration?.data.kind === 'local' && !seen.has(calibration.path)) {
      seen.add(calibration.path);
      yield local(calibration.path, `the data "${calibration.data.path}"`);
    }
    if (statistics?.kind === 'local' && !seen.has(statistics.place)) {
      seen.add(statistics.place);
      yield local(statistics.place, `the statistics "${statistics.reference}"`);
    }
  }
}

function* dataProblems({ evaluate }: Recipe): Generator<Problem> {
  for (const dataset of evaluate?.datasets ?? []) {
    for (const split of ['dev', 'test', 'calib'] as const) {
      const file: DataFile | undefined = dataset[split];
      if (file?.kind === 'local') yield local(`${dataset.path}.${split}`, `the data "${file.path}"`);
    }
  }
}

function* publishProblems({ publish }: Recipe): Generator<Problem> {
  for (const [name, target] of Object.entries(publish?.others ?? {})) {
    const path = `publish.${name}`;
    if (name !== 's3') {
      yield {
        path,
        message: `a service does not publish with the plugin "${name}"`,
        hint: 'use publish.hub or publish.s3',
      };
    } else if (String(target.url).includes('?')) {
      yield {
        path,
        message: 'the address in S3 says how to reach its store, which a service decides',
        hint: 'write s3://bucket/prefix alone; the service is told its endpoint by AWS_ENDPOINT_URL_S3',
      };
    }
  }
}

function local(path: string, what: string): Problem {
  return { path, message: `${what} is of a machine, and a service reads repositories of its Hub only`, hint: USE_HUB };
}
