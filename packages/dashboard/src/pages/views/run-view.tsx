import { useState } from 'preact/hooks';
import { actOnRun, deleteRun, readRun } from '../api/api.ts';
import { addressOf } from '../api/request.ts';
import type { Run } from '../api/types.ts';
import { searchCourse } from '../charts/search-course.ts';
import { ArtefactPanel } from '../parts/artefact-panel.tsx';
import { ConfirmButton } from '../parts/confirm-button.tsx';
import { EventPanel } from '../parts/event-panel.tsx';
import { GatePanel } from '../parts/gate-panel.tsx';
import { HubTokenField } from '../parts/hub-token-field.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { PhaseTrack, type TrackModel, type TrackPhase } from '../parts/phase-track.tsx';
import { PlanDetails } from '../parts/plan-details.tsx';
import { ProblemNotice, sentence } from '../parts/problem-notice.tsx';
import { RunFacts } from '../parts/run-facts.tsx';
import { ScorePanel } from '../parts/score-panel.tsx';
import { ScrollRegion } from '../parts/scroll-region.tsx';
import { SearchPanel } from '../parts/search-panel.tsx';
import { StateLabel } from '../parts/state-label.tsx';
import { hrefOf } from '../routing/route.ts';
import { may, useApp } from '../state/app-context.ts';
import { handOver } from '../state/handed-over.ts';
import { type Action, useAction } from '../state/use-action.ts';
import { useLoad } from '../state/use-load.ts';
import { type RunStream, useRunStream } from '../state/use-run-stream.ts';
import { describeLimits } from '../text/describe-limits.ts';
import { isActive, lookOf } from '../text/state-words.ts';

/** One run, from its first phase to what it published. */
export function RunView({ id }: { id: string }) {
  const [attempt, setAttempt] = useState(0);
  const { value: run, problem, reload } = useLoad(id, (signal) => readRun(id, signal));
  const stream = useRunStream({ id, attempt, onChange: reload });
  const again = () => {
    setAttempt((count) => count + 1);
    reload();
  };
  if (run === undefined) {
    return (
      <>
        <PageHead title="Run" />
        {problem !== undefined && (
          <ProblemNotice problem={problem}>
            <a class="button" href={hrefOf({ page: 'runs' })}>
              All runs
            </a>
          </ProblemNotice>
        )}
      </>
    );
  }
  return <ShownRun run={run} stream={stream} again={again} />;
}

function ShownRun({ run, stream, again }: { run: Run; stream: RunStream; again: () => void }) {
  const action = useAction();
  const unpublished = isUnpublished(run);
  const look = lookOf(run.state, { unpublished });
  const progress = stream.progress ?? run.progress;
  const course = searchCourse(stream.events);
  return (
    <>
      <PageHead title={run.name} lead={<RunLead run={run} unpublished={unpublished} />}>
        <RunButtons run={run} unpublished={unpublished} action={action} again={again} />
      </PageHead>
      <div class="stack">
        {action.problem !== undefined && <ProblemNotice problem={action.problem} />}
        {run.error !== undefined && run.state === 'failed' && <RunFailure run={run} />}
        <PhaseTrack
          models={trackModels(run)}
          phases={trackPhases(run)}
          look={look}
          progress={isActive(run.state) ? progress : undefined}
        />
        <div class="columns">
          <div class="stack">
            {run.scores !== undefined && <ScorePanel table={run.scores} />}
            {run.gate !== undefined && <GatePanel gate={run.gate} />}
            {course.length > 1 && <SearchPanel course={course} />}
            {(run.warnings ?? []).length > 0 && <RunWarnings warnings={run.warnings ?? []} />}
            {run.plan !== undefined && (
              <section class="panel" aria-labelledby="plan-title">
                <header>
                  <h2 id="plan-title">Plan</h2>
                </header>
                <PlanDetails plan={run.plan} />
              </section>
            )}
            {stream.problem !== undefined && <ProblemNotice problem={stream.problem} />}
            {run.recipe !== undefined && <RunRecipe recipe={run.recipe} />}
            <EventPanel events={stream.events} connection={stream.connection} />
          </div>
          <aside class="stack" aria-label="About this run">
            <RunFacts run={run} />
            <RunInYourName run={run} unpublished={unpublished} action={action} again={again} />
            <ArtefactPanel id={run.id} version={artefactVersion(run, stream)} />
            <RunLinks run={run} />
          </aside>
        </div>
      </div>
    </>
  );
}

function RunLead({ run, unpublished }: { run: Run; unpublished: boolean }) {
  const limits = describeLimits(run.limits);
  return (
    <>
      <span role="status">
        <StateLabel state={run.state} unpublished={unpublished} />
      </span>
      <code>{run.id}</code>
      {limits !== undefined && <span class="small soft">may take {limits}</span>}
    </>
  );
}

function RunFailure({ run: { error } }: { run: Run }) {
  if (error === undefined) return null;
  return (
    <div class="notice problem" role="alert">
      <strong>{sentence(error.message)}</strong>
      {error.hint !== undefined && <p>{sentence(error.hint)}</p>}
      <p class="small soft">
        <code>{error.code}</code>
        {error.where !== undefined && ` · ${error.where}`}
      </p>
    </div>
  );
}

/** What was asked for, to the letter, and a way to ask for something like it. */
function RunRecipe({ recipe }: { recipe: string }) {
  return (
    <details class="panel">
      <summary>Recipe</summary>
      <ScrollRegion class="scroll" label="Recipe of this run">
        <pre>{recipe}</pre>
      </ScrollRegion>
      <button
        type="button"
        class="button form-end"
        onClick={() => {
          handOver(recipe);
          location.hash = hrefOf({ page: 'recipe' });
        }}
      >
        Change it and run again
      </button>
    </details>
  );
}

/** A token for a run that is to go on: the one that it began with was wiped at its end. */
function RunInYourName(options: RunActions) {
  const { run, unpublished, action } = options;
  const { session } = useApp();
  const act = useRunAction(options);
  if (!may(session, 'run') || isActive(run.state) || (run.state === 'done' && !unpublished)) return null;
  return (
    <details class="panel" open={action.problem?.code === 'service/token-needed'}>
      <summary>In your name</summary>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          act('retry');
        }}
      >
        <p class="soft">A run that reads with a token of your own needs it again: it was wiped when the run ended.</p>
        <HubTokenField />
        <button type="submit" class="button form-end" disabled={action.busy}>
          Retry with this token
        </button>
      </form>
    </details>
  );
}

/** What the service keeps of a run besides. */
function RunLinks({ run: { id, state } }: { run: Run }) {
  const address = (part: string) => addressOf(`v1/runs/${encodeURIComponent(id)}/${part}`);
  return (
    <ul class="small links">
      <li>
        <a href={address('logs')}>What its process wrote</a>
      </li>
      {state === 'done' && (
        <li>
          <a href={address('report')}>Report as JSON</a>
        </li>
      )}
    </ul>
  );
}

function RunWarnings({ warnings }: { warnings: readonly string[] }) {
  return (
    <div class="notice">
      <ul>
        {warnings.map((warning) => (
          <li key={warning}>{sentence(warning)}</li>
        ))}
      </ul>
    </div>
  );
}

interface RunActions {
  run: Run;
  unpublished: boolean;
  action: Action;
  again: () => void;
}

/** Asks the service to do something with a run, says that it does, and looks again. */
function useRunAction({ run, unpublished, action, again }: RunActions) {
  const { announce } = useApp();
  const said = {
    cancel: 'The run is being cancelled.',
    retry: unpublished ? 'The run begins anew.' : 'The run goes on where it stopped.',
    publish: 'The model is being published.',
  };
  return (name: keyof typeof said) =>
    action.start(async () => {
      await actOnRun(run.id, name);
      announce(said[name]);
      again();
    });
}

function RunButtons(options: RunActions) {
  const { run, unpublished, action } = options;
  const { session, announce } = useApp();
  const act = useRunAction(options);
  if (!may(session, 'run')) return null;
  if (isActive(run.state)) {
    return (
      <ConfirmButton
        label="Cancel"
        confirm="Cancel the run"
        question="Cancel this run?"
        explanation="It stops within seconds. What it downloaded stays in the cache, and Retry goes on where it stopped."
        class="danger"
        disabled={action.busy}
        onConfirm={() => act('cancel')}
      />
    );
  }
  return (
    <>
      {unpublished && (
        <ConfirmButton
          label="Publish anyway"
          question="Publish although the gate is not met?"
          explanation="The model goes where the recipe says, with its card and the figures of the gate."
          confirm="Publish"
          class="primary"
          disabled={action.busy}
          onConfirm={() => act('publish')}
        />
      )}
      {(run.state !== 'done' || unpublished) && (
        <button
          type="button"
          class={`button ${unpublished ? '' : 'primary'}`}
          disabled={action.busy}
          onClick={() => act('retry')}
        >
          Retry
        </button>
      )}
      <ConfirmButton
        label="Delete"
        question="Delete this run?"
        explanation="Its events, scores and artefacts go with it. What was published stays."
        class="plain"
        disabled={action.busy}
        onConfirm={() =>
          action.start(async () => {
            await deleteRun(run.id);
            announce('The run was deleted.');
            location.hash = hrefOf({ page: 'runs' });
          })
        }
      />
    </>
  );
}

/** Changes with every event that may mean another file. */
function artefactVersion({ state }: Run, { events }: RunStream): string {
  return `${isActive(state)} ${events.filter(({ type }) => type === 'artefact').length}`;
}

/** Whether something was to be published and was not, because the gate is not met. */
function isUnpublished({ state, gate, published = [] }: Run): boolean {
  return state === 'done' && gate?.met === false && published.length === 0;
}

function trackModels({ models }: Run): TrackModel[] {
  let parents = 0;
  return models
    .filter(({ role }) => role !== 'published')
    .map(({ role, name, revision }) => ({
      owner: role === 'base' ? 'base' : parents++,
      name,
      ...(revision === undefined ? {} : { revision }),
    }));
}

/** The phases; the one that was under way when the run ended badly is the one that failed. */
function trackPhases({ phases, state, updatedAt }: Run): TrackPhase[] {
  if (isActive(state) || state === 'done') return [...phases];
  const current = phases.findIndex(({ status }) => status !== 'done');
  return phases.map((phase, index): TrackPhase => {
    if (index !== current) return phase;
    const ended = phase.startedAt === undefined ? {} : { endedAt: phase.endedAt ?? updatedAt };
    return { ...phase, ...ended, status: state === 'failed' ? 'failed' : 'waiting' };
  });
}
