import { useEffect } from 'preact/hooks';
import type { RunItem, RunProgress } from '../api/types.ts';
import { hrefOf } from '../routing/route.ts';
import { useRunStream } from '../state/use-run-stream.ts';
import { lookOf, phaseTitle } from '../text/state-words.ts';
import { percent, shortName } from '../text/units.ts';
import { Age } from './age.tsx';
import { FuseGlyph } from './fuse-glyph.tsx';
import { ProgressBar } from './phase-track.tsx';
import { Difference } from './score-panel.tsx';
import { StateLabel } from './state-label.tsx';

/** A run in a list. @param follow Whether its progress is shown as it happens. */
export function RunRow({ run, follow, onChange }: { run: RunItem; follow: boolean; onChange: () => void }) {
  if (!follow) return <RowOf run={run} progress={run.progress} />;
  return <FollowedRow run={run} onChange={onChange} />;
}

function FollowedRow({ run, onChange }: { run: RunItem; onChange: () => void }) {
  const { progress, connection } = useRunStream({ id: run.id });
  useEffect(() => {
    if (connection === 'over') onChange();
  }, [connection]);
  return <RowOf run={run} progress={progress ?? run.progress} />;
}

function RowOf({ run, progress }: { run: RunItem; progress: RunProgress | undefined }) {
  const { id, name, state, models = [], method, score, bestParent } = run;
  const unpublished = state === 'done' && run.gate === false && run.published !== true;
  const look = lookOf(state, { unpublished });
  const share = progress !== undefined && progress.total > 0 ? Math.min(1, progress.done / progress.total) : undefined;
  return (
    <li class="row">
      <FuseGlyph models={models.length} look={look} />
      <div>
        <h2>
          <a href={hrefOf({ page: 'run', id })}>{name}</a>
        </h2>
        <p class="sub">
          {method !== undefined && <span>{method} of </span>}
          {models.length > 0 ? models.map(shortName).join(', ') : id}
        </p>
      </div>
      <div class="where">
        <StateLabel state={state} unpublished={unpublished} />
        {run.published === true && <p class="sub">published</p>}
        {unpublished && <p class="sub">gate not met</p>}
        {run.error !== undefined && (
          <p class="sub" title={run.error.message}>
            {run.error.message}
          </p>
        )}
        {look === 'running' && share !== undefined && (
          <ProgressBar share={share} label={`${phaseTitle(progress?.phase ?? '')} of ${name}`} />
        )}
      </div>
      <div class="figure number">
        {score !== undefined && <span class="score">{percent(score)}</span>}
        {score !== undefined && bestParent !== undefined && (
          <p class="sub">
            <Difference value={score - bestParent} />
          </p>
        )}
      </div>
      <p class="when number small soft">
        <Age time={run.updatedAt} />
      </p>
    </li>
  );
}
