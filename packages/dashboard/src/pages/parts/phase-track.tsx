import { useId } from 'preact/hooks';
import type { RunProgress } from '../api/types.ts';
import { useNow } from '../state/use-now.ts';
import { phaseTitle, type StateLook } from '../text/state-words.ts';
import { formatBytes, formatDuration, plural } from '../text/units.ts';
import { RepositoryName } from './repository-name.tsx';
import { type StrandOwner, strandClass } from './strand.ts';

/** A phase as the track shows it. */
export interface TrackPhase {
  name: string;
  status: 'waiting' | 'running' | 'done' | 'failed';
  startedAt?: string;
  endedAt?: string;
}

export interface TrackModel {
  owner: StrandOwner;
  name: string;
  revision?: string;
}

/** Width of a phase in the units of the picture, which is stretched to the room there is. */
const STEP = 100;
/** Height of a strand, in pixels: that of a parent's line. */
const LINE = 26;

/** The life of a run: strands of the parents run through the phases, meet where they are merged, and go on as one. */
export function PhaseTrack(options: {
  models: readonly TrackModel[];
  phases: readonly TrackPhase[];
  look: StateLook;
  progress?: RunProgress | undefined;
  hub?: string | undefined;
}) {
  const { models, phases, look, progress, hub } = options;
  return (
    <section class="track" aria-label="Progress">
      <div class="track-grid">
        <ul class="track-parents" aria-label="Models">
          {models.map(({ owner, name, revision }) => (
            <li key={name}>
              <span class={`dot ${strandClass(owner)}`} />
              <RepositoryName name={name} revision={revision} hub={hub} short />
              {owner === 'base' && <span class="tag">base</span>}
            </li>
          ))}
        </ul>
        <Strands models={models} phases={phases} look={look} progress={progress} />
        <ol class="phases" aria-label="Phases">
          {phases.map((phase) => (
            <li key={phase.name} class={phase.status} aria-current={phase.status === 'running' ? 'step' : undefined}>
              <strong>{phaseTitle(phase.name)}</strong>
              <PhaseNote phase={phase} />
            </li>
          ))}
        </ol>
      </div>
      {progress !== undefined && <ProgressNow progress={progress} />}
    </section>
  );
}

function PhaseNote({ phase }: { phase: TrackPhase }) {
  const { status, startedAt, endedAt } = phase;
  const now = useNow(1000);
  if (status === 'waiting') return <span class="hidden">not begun</span>;
  if (startedAt === undefined) return <span>{status}</span>;
  const end = endedAt === undefined ? now.getTime() : Date.parse(endedAt);
  const seconds = Math.max(0, (end - Date.parse(startedAt)) / 1000);
  return (
    <span>
      <span class="hidden">{status}, </span>
      {formatDuration(seconds)}
    </span>
  );
}

function Strands(options: {
  models: readonly TrackModel[];
  phases: readonly TrackPhase[];
  look: StateLook;
  progress?: RunProgress | undefined;
}) {
  const { models, phases, look, progress } = options;
  const id = useId();
  const width = Math.max(1, phases.length) * STEP;
  const height = Math.max(1, models.length) * LINE;
  const meeting = meetingPoint(phases);
  const done = reached(phases, look, progress);
  const strands = (
    <>
      {models.map(({ owner, name }, index) => {
        const y = (index + 0.5) * LINE;
        if (meeting === undefined) {
          return <path key={name} class={`strand ${strandClass(owner)}`} d={`M0 ${y}H${width}`} />;
        }
        const bend = meeting - STEP * 0.7;
        const d = `M0 ${y}H${bend}C${bend + STEP * 0.4} ${y} ${meeting - STEP * 0.35} ${height / 2} ${meeting} ${height / 2}`;
        return <path key={name} class={`strand ${strandClass(owner)}`} d={d} />;
      })}
      {meeting !== undefined && <path class="strand result" d={`M${meeting} ${height / 2}H${width}`} />}
    </>
  );
  return (
    <div class="track-field">
      <svg aria-hidden="true" viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none">
        <clipPath id={`${id}done`}>
          <rect x="0" y="-10" width={done} height={height + 20} />
        </clipPath>
        <g class={look === 'failed' || look === 'cancelled' ? 'halted' : 'ahead'}>{strands}</g>
        <g clip-path={`url(#${id}done)`}>{strands}</g>
      </svg>
    </div>
  );
}

/** Where the strands meet: at the end of the phase that makes one model of them; nowhere, until that is planned. */
function meetingPoint(phases: readonly TrackPhase[]): number | undefined {
  const at = phases.findIndex(({ name }) => name === 'search' || name === 'merge');
  return at === -1 ? undefined : (at + 1) * STEP;
}

/** How far the run is, in units of the picture. */
function reached(phases: readonly TrackPhase[], look: StateLook, progress: RunProgress | undefined): number {
  if (look === 'done' || look === 'unpublished') return phases.length * STEP;
  const current = phases.findIndex(({ status }) => status !== 'done');
  if (current === -1) return phases.length * STEP;
  const running = phases[current]?.status === 'running';
  const share = progress !== undefined && progress.total > 0 ? Math.min(1, progress.done / progress.total) : 0;
  return (current + (running ? Math.max(0.12, share) : 0)) * STEP;
}

/** What is being worked on at this moment. */
function ProgressNow({ progress }: { progress: RunProgress }) {
  const { phase, label, done, total, note } = progress;
  const share = total > 0 ? Math.min(1, done / total) : 0;
  return (
    <div class="track-now">
      <span>
        <strong>{phaseTitle(phase)}</strong> <span class="soft">{label}</span>
      </span>
      <span class="soft number">
        {note !== undefined && `${note} · `}
        {amount(progress)}
      </span>
      <ProgressBar share={share} label={`${phaseTitle(phase)} ${label}`} />
    </div>
  );
}

function amount({ done, total, unit }: RunProgress): string {
  if (unit === 'bytes') return `${formatBytes(done)} of ${formatBytes(total)}`;
  return `${done.toLocaleString('en-GB')} of ${plural(total, unit.replace(/s$/, ''))}`;
}

/** A thin bar; `share` from 0 to 1. */
export function ProgressBar({ share, label }: { share: number; label: string }) {
  return (
    <div
      class="bar-line"
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(share * 100)}
    >
      <i style={{ width: `${(100 * share).toFixed(2)}%` }} />
    </div>
  );
}
