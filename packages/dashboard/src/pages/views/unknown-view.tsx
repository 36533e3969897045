import { PageHead } from '../parts/page-head.tsx';
import { hrefOf } from '../routing/route.ts';

/** An address that leads nowhere. */
export function UnknownView() {
  return (
    <>
      <PageHead title="There is no such page" lead="The address may be from another version of the dashboard." />
      <a class="button" href={hrefOf({ page: 'runs' })}>
        All runs
      </a>
    </>
  );
}
