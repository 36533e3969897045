/**
 * The path of a setting in a recipe (`models[0].parameters.weight`) as a JSON pointer (`/models/0/parameters/weight`).
 * A step that stands for every entry (`models[*]`) ends it: a pointer names one place.
 */
export function pointerOf(path: string): string {
  let pointer = '';
  for (const [, key, index] of path.matchAll(/([^.[\]]+)|\[([^\]]*)\]/g)) {
    if (index === '*') break;
    pointer += `/${escapeStep(key ?? index ?? '')}`;
  }
  return pointer;
}

/** A pointer from the steps to it. */
export function pointerTo(steps: readonly (string | number | symbol)[]): string {
  return steps.map((step) => `/${escapeStep(String(step))}`).join('');
}

function escapeStep(step: string): string {
  return step.replaceAll('~', '~0').replaceAll('/', '~1');
}
