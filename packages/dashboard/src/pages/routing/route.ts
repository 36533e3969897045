/** The pages, as they stand behind the `#` of the address. */
export type Route =
  | { page: 'runs' }
  | { page: 'run'; id: string }
  | { page: 'new' }
  | { page: 'recipes' }
  /** No name: a recipe that is not stored yet. */
  | { page: 'recipe'; name?: string }
  | { page: 'unknown' };

/** `#/runs/abc` -> the page of that run. */
export function parseRoute(hash: string): Route {
  const [first = '', second = '', ...rest] = hash
    .replace(/^#?\/?/, '')
    .split('/')
    .map(decode);
  if (rest.length > 0) return { page: 'unknown' };
  if (first === '' || (first === 'runs' && second === '')) return { page: 'runs' };
  if (first === 'runs') return { page: 'run', id: second };
  if (first === 'new' && second === '') return { page: 'new' };
  if (first === 'recipe' && second === '') return { page: 'recipe' };
  if (first === 'recipes' && second === '') return { page: 'recipes' };
  if (first === 'recipes') return { page: 'recipe', name: second };
  return { page: 'unknown' };
}

/** The address of a page. */
export function hrefOf(route: Exclude<Route, { page: 'unknown' }>): string {
  switch (route.page) {
    case 'runs':
      return '#/runs';
    case 'run':
      return `#/runs/${encodeURIComponent(route.id)}`;
    case 'new':
      return '#/new';
    case 'recipes':
      return '#/recipes';
    case 'recipe':
      return route.name === undefined ? '#/recipe' : `#/recipes/${encodeURIComponent(route.name)}`;
  }
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
