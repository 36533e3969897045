import type { Plan } from '../api/types.ts';
import { phaseTitle } from '../text/state-words.ts';
import { formatBytes, formatCount, formatDuration, formatUsd, plural } from '../text/units.ts';
import { PlanEstimates } from './plan-estimates.tsx';
import { sentence } from './problem-notice.tsx';
import { RepositoryName } from './repository-name.tsx';
import { ScrollRegion } from './scroll-region.tsx';
import { strandClass } from './strand.ts';

const FATES = [
  { key: 'method', title: 'merged by the method', owner: 'sr' },
  { key: 'average', title: 'averaged', owner: 's2' },
  { key: 'labels', title: 'averaged label by label', owner: 's3' },
  { key: 'copy', title: 'copied', owner: 's0' },
] as const;

/** What a recipe would do, before anything is downloaded. */
export function PlanDetails(options: {
  plan: Plan;
  hub?: string | undefined;
  /** There is little room. */
  narrow?: boolean;
  /** The run has not begun: it may find newer commits. */
  before?: boolean;
}) {
  const { plan, hub, narrow = false, before = false } = options;
  return (
    <div class="stack">
      <PlanWarnings plan={plan} />
      <dl class="tiles">
        {plan.time !== undefined && (
          <Tile title="Time" value={formatDuration(plan.time.seconds.expected)} note="about" />
        )}
        {plan.cost?.usd !== undefined && (
          <Tile
            title="Cost"
            value={plan.cost.items.length === 0 ? 'nothing' : formatUsd(plan.cost.usd.expected)}
            {...(plan.cost.items.length === 0 ? {} : { note: plan.cost.verified ? 'about' : 'about, unverified' })}
          />
        )}
        <Tile title="Parameters" value={formatCount(plan.parameters)} />
        <Tile title="To download" value={formatBytes(plan.bytes.download)} note="at most" />
        <Tile title="Output" value={formatBytes(plan.outputs.reduce((sum, { size }) => sum + size, 0))} />
        <Tile title="Passes" value={String(plan.passes)} />
        <Tile title="Licence" value={plan.licence.licence} />
        {plan.search?.candidates !== undefined && (
          <Tile title="Candidates" value={String(plan.search.candidates)} note="at most" />
        )}
      </dl>
      <PlannedModels {...{ plan, hub, narrow }} />
      <PlanEstimates {...{ plan, narrow }} />
      <Tensors plan={plan} />
      <PlannedData plan={plan} />
      <p class="soft">
        Steps: {plan.phases.map((phase) => phaseTitle(phase).toLowerCase()).join(', ')}.
        {before && ' Revisions are pinned again when the run begins.'}
      </p>
    </div>
  );
}

function Tile({ title, value, note }: { title: string; value: string; note?: string }) {
  return (
    <div>
      <dt>
        {title}
        {note !== undefined && `, ${note}`}
      </dt>
      <dd>{value}</dd>
    </div>
  );
}

function PlanWarnings({ plan }: { plan: Plan }) {
  const warnings = [
    ...plan.warnings.map(({ message, where }) => (where === undefined ? message : `${where}: ${message}`)),
    ...plan.licence.findings.map(({ message }) => message),
  ];
  if (warnings.length === 0) return null;
  return (
    <div class="notice">
      <ul>
        {[...new Set(warnings)].map((warning) => (
          <li key={warning}>{sentence(warning)}</li>
        ))}
      </ul>
    </div>
  );
}

function PlannedModels({ plan, hub, narrow }: { plan: Plan; hub: string | undefined; narrow: boolean }) {
  let parents = 0;
  const rows = plan.models.map((model) => ({
    ...model,
    owner: model.role === 'model' ? strandClass(parents++) : strandClass('base'),
  }));
  return (
    <ScrollRegion class="scroll" label="Models of the plan">
      <table>
        <thead>
          <tr>
            <th scope="col">Model</th>
            {!narrow && <th scope="col">Role</th>}
            <th scope="col">Commit</th>
            <th scope="col" class="number">
              Size
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ owner, role, name, revision, bytes }) => (
            <tr key={`${role}${name}`}>
              <th scope="row">
                <span class={`dot ${owner}`} />
                <RepositoryName name={name} hub={hub} short={narrow} />
              </th>
              {!narrow && <td>{role === 'published' ? 'published now' : role}</td>}
              <td class="mono">{revision?.slice(0, narrow ? 8 : 12) ?? '–'}</td>
              <td class="number">{formatBytes(bytes)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollRegion>
  );
}

/** What becomes of the tensors, as shares of a bar and in words. */
function Tensors({ plan }: { plan: Plan }) {
  const total = FATES.reduce((sum, { key }) => sum + plan.tensors[key], 0);
  const present = FATES.filter(({ key }) => plan.tensors[key] > 0);
  return (
    <div>
      <h3>{plural(total, 'tensor')}</h3>
      <div class="share" aria-hidden="true">
        {present.map(({ key, owner }) => (
          <i key={key} class={owner} style={{ flexGrow: String(plan.tensors[key]) }} />
        ))}
      </div>
      <ul class="legend">
        {present.map(({ key, title, owner }) => (
          <li key={key}>
            <span class={`dot ${owner}`} />
            {plan.tensors[key]} {title}
          </li>
        ))}
      </ul>
    </div>
  );
}

function PlannedData({ plan }: { plan: Plan }) {
  if (plan.data.length === 0) return <p class="soft">Nothing is scored: the recipe has no datasets.</p>;
  const names = [...new Set(plan.data.map(({ dataset }) => dataset))];
  return (
    <p class="soft">
      Scored on{' '}
      {names
        .map((name) => {
          const splits = plan.data.filter(({ dataset }) => dataset === name).map(({ split }) => split);
          return `${name} (${splits.join(', ')})`;
        })
        .join(', ')}
      .
    </p>
  );
}
