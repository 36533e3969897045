import { shortName } from '../text/units.ts';

/**
 * A repository of the Hub, at the commit that is meant.
 * @param hub Address of the Hub; without it there is no link. @param short Show the last part of the name alone.
 */
export function RepositoryName(options: {
  name: string;
  revision?: string | undefined;
  hub?: string | undefined;
  short?: boolean;
}) {
  const { name, revision, hub, short = false } = options;
  const shown = (
    <>
      {short ? shortName(name) : name}
      {revision !== undefined && <span class="soft mono"> @{revision.slice(0, 8)}</span>}
    </>
  );
  const title = revision === undefined ? name : `${name} at ${revision}`;
  if (hub === undefined) {
    return (
      <span class="name" title={title}>
        {shown}
      </span>
    );
  }
  const href = `${hub.replace(/\/$/, '')}/${name}${revision === undefined ? '' : `/tree/${revision}`}`;
  return (
    <a class="name" href={href} rel="noreferrer" title={title}>
      {shown}
    </a>
  );
}
