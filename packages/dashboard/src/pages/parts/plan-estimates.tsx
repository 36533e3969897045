import type { CostEstimate, Plan, Range, TimeEstimate } from '../api/types.ts';
import { phaseTitle } from '../text/state-words.ts';
import { formatDuration, formatUsd } from '../text/units.ts';
import { ScrollRegion } from './scroll-region.tsx';

/** Time of each step and the prices of the sum: what the two tiles above are made of. */
export function PlanEstimates({ plan, narrow = false }: { plan: Plan; narrow?: boolean }) {
  const { time, cost } = plan;
  if (time === undefined) return null;
  return (
    <section class="estimates">
      <h3>Expected time{time.machine === '' ? '' : ` on ${time.machine}`}</h3>
      <PhaseTimes {...{ time, narrow }} />
      {cost !== undefined && <Bill cost={cost} />}
    </section>
  );
}

function PhaseTimes({ time, narrow }: { time: TimeEstimate; narrow: boolean }) {
  const longest = Math.max(...time.phases.map(({ seconds }) => seconds.high), 1);
  return (
    <>
      <ScrollRegion class="scroll" label="Expected time by step">
        <table>
          <thead>
            <tr>
              <th scope="col">Step</th>
              <th scope="col" class="number">
                Expected
              </th>
              <th scope="col">Between</th>
              {!narrow && <th scope="col">Known from</th>}
            </tr>
          </thead>
          <tbody>
            {time.phases.map(({ phase, seconds, measured, note }) => (
              <tr key={phase}>
                <th scope="row">{phase === 'start' ? 'Start the machine' : phaseTitle(phase)}</th>
                <td class="number">{formatDuration(seconds.expected)}</td>
                <td>
                  <Span range={seconds} longest={longest} />
                  <span class="soft">{between(seconds, formatDuration)}</span>
                </td>
                {!narrow && (
                  <td class="soft" title={note}>
                    {measured ? 'measurements' : 'assumptions in part'}
                  </td>
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollRegion>
      {time.unknown.map(({ phase, reason }) => (
        <p class="soft" key={phase}>
          {phaseTitle(phase)} is not in the sum: {reason}.
        </p>
      ))}
    </>
  );
}

/** Where the expected lies between the least and the most, all steps to one scale, of which short ones keep a visible part. */
function Span({ range, longest }: { range: Range; longest: number }) {
  const at = (seconds: number) => (100 * Math.log1p(seconds)) / Math.log1p(longest);
  const [low, expected, high] = [at(range.low), at(range.expected), at(range.high)];
  return (
    <span class="span" aria-hidden="true">
      <i style={{ left: `${low}%`, width: `${Math.max(2, high - low)}%` }} />
      <b style={{ left: `${expected}%` }} />
    </span>
  );
}

function Bill({ cost }: { cost: CostEstimate }) {
  const { usd, items, verified, note, machine, launcher } = cost;
  if (usd === undefined) {
    return (
      <p class="soft">
        Nobody knows the price of {machine} ({launcher}).
      </p>
    );
  }
  if (items.length === 0) return null;
  return (
    <div>
      <h3>Expected cost</h3>
      <ul class="bill">
        {items.map(({ what, usd: share, verified: known, source, date }) => (
          <li key={what}>
            <span>{what}</span>
            <span class="number">{formatUsd(share.expected)}</span>
            <span class="soft">{known ? <Source {...{ source, date }} /> : 'price not verified'}</span>
          </li>
        ))}
      </ul>
      <p class="soft">
        {between(usd, formatUsd)} in all{verified ? '' : ', by prices that are not all verified'}.
        {note !== undefined && ` Prices ${note}.`}
      </p>
    </div>
  );
}

function Source({ source, date }: { source: string | undefined; date: string | undefined }) {
  if (source === undefined || !/^https?:/.test(source)) return <>price of {date}</>;
  return (
    <a href={source} rel="noreferrer">
      price of {date}
    </a>
  );
}

function between({ low, high }: Range, format: (value: number) => string): string {
  return `${format(low)} to ${format(high)}`;
}
