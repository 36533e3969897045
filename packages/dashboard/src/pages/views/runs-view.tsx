import { useEffect, useState } from 'preact/hooks';
import { listRuns } from '../api/api.ts';
import { type Problem, problemOf } from '../api/problem.ts';
import type { RunItem, StateFilter } from '../api/types.ts';
import { EmptyState } from '../parts/empty-state.tsx';
import { LoadProblem } from '../parts/load-problem.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { ProblemNotice } from '../parts/problem-notice.tsx';
import { RunRow } from '../parts/run-row.tsx';
import { Segments } from '../parts/segments.tsx';
import { hrefOf } from '../routing/route.ts';
import { useApp } from '../state/app-context.ts';
import { useLoad } from '../state/use-load.ts';
import { describeRetention } from '../text/describe-limits.ts';
import { isActive } from '../text/state-words.ts';

const STATES: readonly { value: StateFilter | ''; title: string }[] = [
  { value: '', title: 'All' },
  { value: 'active', title: 'Under way' },
  { value: 'done', title: 'Done' },
  { value: 'failed', title: 'Failed' },
  { value: 'cancelled', title: 'Cancelled' },
];
/** Milliseconds between two looks at the list: while a run is under way, and else. */
const BUSY_MS = 5000;
const IDLE_MS = 20_000;
/** Runs of the list that are followed at once: a browser keeps few connections to a server. */
const MOST_FOLLOWED = 3;
/** Milliseconds that typing in a filter pauses before the list is asked for. */
const TYPING_MS = 350;

/** All runs, the latest first; those under way move. */
export function RunsView() {
  const { session } = useApp();
  const [state, setState] = useState<StateFilter | ''>('');
  const [typed, setTyped] = useState('');
  const [model, setModel] = useState('');
  const [behind, setBehind] = useState<{ items: readonly RunItem[]; next: string | undefined }>();
  const [moreProblem, setMoreProblem] = useState<Problem>();
  const query = { state: state === '' ? undefined : state, model: model === '' ? undefined : model };
  const key = JSON.stringify(query);
  const { value, problem, loading, reload } = useLoad(key, (signal) => listRuns(query, signal));
  const items = [...(value?.items ?? []), ...(behind?.items ?? [])];
  const active = items.filter((run) => isActive(run.state));
  const followed = new Set(active.slice(0, MOST_FOLLOWED).map(({ id }) => id));
  const next = behind === undefined ? value?.next : behind.next;

  useEffect(() => {
    const timer = setTimeout(() => setModel(typed.trim()), TYPING_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  useEffect(() => setBehind(undefined), [key]);
  useEffect(() => {
    const look = () => {
      if (document.visibilityState === 'visible') reload();
    };
    const timer = setInterval(look, active.length > 0 ? BUSY_MS : IDLE_MS);
    return () => clearInterval(timer);
  }, [active.length > 0, reload]);

  const more = async (cursor: string) => {
    setMoreProblem(undefined);
    try {
      const page = await listRuns({ ...query, cursor }, new AbortController().signal);
      setBehind({ items: [...(behind?.items ?? []), ...page.items], next: page.next });
    } catch (error) {
      setMoreProblem(problemOf(error));
    }
  };
  const filtered = state !== '' || model !== '';
  return (
    <>
      <PageHead title="Runs" lead="Every merge that was asked for, whoever asked." />
      <div class="filters">
        <Segments label="State" choices={STATES} value={state} onChange={setState} />
        <input
          type="search"
          aria-label="Only runs with this model"
          placeholder="Model, e.g. org/name"
          value={typed}
          onInput={(event) => setTyped(event.currentTarget.value)}
        />
      </div>
      <LoadProblem problem={problem} reload={reload} />
      {items.length > 0 && (
        <ul class="rows" aria-label="Runs">
          {items.map((run) => (
            <RunRow key={run.id} run={run} follow={followed.has(run.id)} onChange={reload} />
          ))}
        </ul>
      )}
      {items.length === 0 && next === undefined && !loading && problem === undefined && <NoRuns filtered={filtered} />}
      {next !== undefined && (
        <div class="more">
          <button type="button" class="button" onClick={() => void more(next)}>
            Show older runs
          </button>
        </div>
      )}
      {session.retention !== undefined && items.length > 0 && (
        <p class="small soft">{describeRetention(session.retention)}</p>
      )}
      {moreProblem !== undefined && <ProblemNotice problem={moreProblem} />}
    </>
  );
}

function NoRuns({ filtered }: { filtered: boolean }) {
  if (filtered) {
    return (
      <EmptyState title="No run matches">
        <p>Choose another state or model.</p>
      </EmptyState>
    );
  }
  return (
    <EmptyState title="Nothing has been merged yet">
      <p>Paste the addresses of two models of the Hub and see the plan before anything is downloaded.</p>
      <a class="button primary" href={hrefOf({ page: 'new' })}>
        New merge
      </a>
    </EmptyState>
  );
}
