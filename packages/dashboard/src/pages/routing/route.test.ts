import { expect, test } from 'vitest';
import { hrefOf, parseRoute, type Route } from './route.ts';

const ROUTES: Exclude<Route, { page: 'unknown' }>[] = [
  { page: 'runs' },
  { page: 'run', id: 'merge-01' },
  { page: 'new' },
  { page: 'recipes' },
  { page: 'recipe' },
  { page: 'recipe', name: 'a b/c%' },
];

test.each(ROUTES)('$page has an address that leads back to it', (route) => {
  expect(parseRoute(hrefOf(route))).toEqual(route);
});

test('the empty address is the list of runs, and an unknown one is said to be unknown', () => {
  expect(parseRoute('')).toEqual({ page: 'runs' });
  expect(parseRoute('#/')).toEqual({ page: 'runs' });
  expect(parseRoute('#/nowhere')).toEqual({ page: 'unknown' });
  expect(parseRoute('#/runs/a/b')).toEqual({ page: 'unknown' });
  expect(parseRoute('#/recipes/%zz')).toEqual({ page: 'recipe', name: '%zz' });
});
