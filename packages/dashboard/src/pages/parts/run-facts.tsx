import type { ComponentChildren } from 'preact';
import type { Run, RunCost, RunOrigin } from '../api/types.ts';
import { hrefOf } from '../routing/route.ts';
import { formatUsd } from '../text/units.ts';
import { Age } from './age.tsx';

/** Who asked for a run, when, and what came of it. */
export function RunFacts({ run }: { run: Run }) {
  const { origin, published = [] } = run;
  return (
    <dl class="facts">
      {published.map(({ url, publisher, revision, as: how }) => (
        <Fact key={url} title={how === 'pull_request' ? 'Proposed as a pull request' : `Published to ${publisher}`}>
          <Address url={url} /> <span class="soft mono">@{revision.slice(0, 8)}</span>
        </Fact>
      ))}
      {run.method !== undefined && <Fact title="Method">{run.method}</Fact>}
      <Fact title="Asked for by">{describeOrigin(origin)}</Fact>
      {origin.recipe !== undefined && (
        <Fact title="Stored recipe">
          <a href={hrefOf({ page: 'recipe', name: origin.recipe.name })}>{origin.recipe.name}</a>
        </Fact>
      )}
      {origin.cause !== undefined && (
        <Fact title="Because of">
          {origin.cause.repo} <span class="soft mono">@{origin.cause.sha.slice(0, 8)}</span>
        </Fact>
      )}
      {(origin.ancestry ?? []).length > 0 && (
        <Fact title="Follows from">
          {origin.ancestry?.map(({ run: ancestor, repo }) => (
            <div key={ancestor}>
              <a href={hrefOf({ page: 'run', id: ancestor })}>{repo}</a>
            </div>
          ))}
        </Fact>
      )}
      <Fact title="Created">
        <Age time={run.createdAt} />
      </Fact>
      <Fact title="Last change">
        <Age time={run.updatedAt} />
      </Fact>
      <Measures title="Limits" values={run.limits} />
      {run.cost !== undefined && <Cost cost={run.cost} />}
    </dl>
  );
}

/** What a run has cost so far, against what was expected and what it may cost. */
function Cost({ cost }: { cost: RunCost }) {
  const { launcher, machine, spentUsd, estimatedUsd, limitUsd, verified, unpriced } = cost;
  if (estimatedUsd?.high === 0 && spentUsd === 0) return <Fact title="Cost">Nothing, on {machine}</Fact>;
  const most = limitUsd ?? estimatedUsd?.high;
  return (
    <Fact title="Cost so far">
      <div class="spent">
        <strong>{unpriced ? `${formatUsd(spentUsd)} and more` : formatUsd(spentUsd)}</strong>
        {estimatedUsd !== undefined && <span class="soft"> of about {formatUsd(estimatedUsd.expected)}</span>}
      </div>
      {most !== undefined && most > 0 && (
        <meter
          class="budget"
          min={0}
          max={most}
          value={Math.min(spentUsd, most)}
          aria-label={limitUsd === undefined ? 'Cost so far of the most that is expected' : 'Cost so far of the limit'}
        />
      )}
      <div class="soft">
        {limitUsd !== undefined && `At most ${formatUsd(limitUsd)}; `}
        {launcher} on {machine}
        {unpriced && ', whose price is not known'}
        {!unpriced && !verified && ', prices not verified'}
      </div>
    </Fact>
  );
}

function Fact({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{title}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Address({ url }: { url: string }) {
  if (!/^https?:/.test(url)) return <span class="mono">{url}</span>;
  return (
    <a href={url} rel="noreferrer">
      {url.replace(/^https?:\/\/[^/]+\//, '')}
    </a>
  );
}

function Measures({ title, values }: { title: string; values: Readonly<Record<string, unknown>> | undefined }) {
  const shown = Object.entries(values ?? {}).filter(
    ([, value]) => typeof value === 'string' || typeof value === 'number',
  );
  if (shown.length === 0) return null;
  return (
    <Fact title={title}>
      {shown.map(([name, value]) => (
        <div key={name}>
          {name}: {String(value)}
        </div>
      ))}
    </Fact>
  );
}

function describeOrigin({ trigger, key, account }: RunOrigin): string {
  const who = account ?? key;
  const how = {
    command: 'the command line',
    http: 'a request',
    webhook: 'a push to the Hub',
    schedule: 'its schedule',
    comment: 'a comment',
    retry: 'a retry',
  }[trigger];
  return who === undefined ? how : `${how} (${who})`;
}
