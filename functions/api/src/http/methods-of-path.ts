/** A route as Hono lists it; middleware has the method `ALL`. */
interface Route {
  method: string;
  path: string;
}

/** Tells which methods the routes of an app have for a path. */
export function methodsOfPaths(routes: readonly Route[]): (path: string) => string[] {
  const methods = new Map<string, { pattern: RegExp; methods: Set<string> }>();
  for (const { method, path } of routes) {
    if (method === 'ALL') continue;
    const known = methods.get(path) ?? { pattern: patternOf(path), methods: new Set<string>() };
    methods.set(path, known);
    known.methods.add(method);
    if (method === 'GET') known.methods.add('HEAD');
  }
  return (path) => {
    // One that is written like this is meant, not one with a parameter in its place.
    const exact = methods.get(path);
    const found = exact === undefined ? [...methods.values()].filter(({ pattern }) => pattern.test(path)) : [exact];
    return [...new Set(found.flatMap((one) => [...one.methods]))].sort();
  };
}

/** `/v1/runs/:id/artefacts/:path{.+}` as a regular expression. */
function patternOf(path: string): RegExp {
  const steps = path.split('/').map((step) => {
    const [, constraint] = /^:\w+(?:\{(.+)\})?$/.exec(step) ?? [];
    if (step.startsWith(':')) return constraint ?? '[^/]+';
    return step === '*' ? '.*' : step.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  });
  return new RegExp(`^${steps.join('/')}$`);
}
