import { useNow } from '../state/use-now.ts';
import { formatAge } from '../text/units.ts';

/** How long ago something was; the moment itself on hovering. */
export function Age({ time }: { time: string }) {
  const now = useNow(30_000);
  const then = new Date(time);
  return (
    <time dateTime={time} title={then.toLocaleString('en-GB')}>
      {formatAge(then, now)}
    </time>
  );
}
