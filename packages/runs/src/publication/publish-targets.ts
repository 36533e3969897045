import type { Recipe } from '@hubfuse/recipe';

/** Where a recipe publishes: name of the publisher and its block. */
export interface PublishTarget {
  name: string;
  target: Readonly<Record<string, unknown>>;
}

/** The targets in the order in which they are published to: the Hub first. */
export function publishTargets({ publish }: Recipe): PublishTarget[] {
  const hub = publish?.hub === undefined ? [] : [{ name: 'hub', target: { ...publish.hub } }];
  const others = Object.entries(publish?.others ?? {});
  return [...hub, ...others.map(([name, target]) => ({ name, target }))];
}
