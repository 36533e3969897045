import { useCallback, useEffect, useId, useRef, useState } from 'preact/hooks';
import { deleteRecipe, makePlan, readRecipe, readSchema, saveRecipe, startRun } from '../api/api.ts';
import { type Problem, partsOf, problemOf } from '../api/problem.ts';
import type { Plan } from '../api/types.ts';
import type { Finding } from '../editor/create-editor.ts';
import { ConfirmButton } from '../parts/confirm-button.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { PlanDetails } from '../parts/plan-details.tsx';
import { ProblemNotice, sentence } from '../parts/problem-notice.tsx';
import { type GoTo, RecipeText } from '../parts/recipe-text.tsx';
import { hrefOf } from '../routing/route.ts';
import { may, useApp } from '../state/app-context.ts';
import { takeHandedOver } from '../state/handed-over.ts';
import { keep, takeKept } from '../state/kept.ts';
import { useAction } from '../state/use-action.ts';
import { useLoad } from '../state/use-load.ts';

/** Milliseconds that typing pauses before the text is checked. */
const TYPING_MS = 600;

const FIRST_TEXT = `name: my-merge
merge_method: linear
models:
  - org/first-model
  - org/second-model
`;

/** The page of a recipe: a stored one, or one that is being written. */
export function RecipeView({ name }: { name: string | undefined }) {
  const [version, setVersion] = useState(0);
  const { value, problem } = useLoad(`${name ?? ''} ${version}`, async (signal) => {
    if (name === undefined) {
      const handed = takeHandedOver();
      if (handed !== undefined) keep('recipe ', handed);
      return { text: FIRST_TEXT, etag: undefined, notes: [] };
    }
    const { value: stored, etag } = await readRecipe(name, signal);
    return { text: stored.text, notes: stored.notes, etag };
  });
  if (value === undefined) {
    return (
      <>
        <PageHead title={name ?? 'New recipe'} />
        {problem !== undefined && (
          <ProblemNotice problem={problem}>
            <a class="button" href={hrefOf({ page: 'recipes' })}>
              All recipes
            </a>
          </ProblemNotice>
        )}
      </>
    );
  }
  return (
    <EditedRecipe
      key={version}
      name={name}
      text={value.text}
      etag={value.etag}
      notes={value.notes}
      onDiscard={() => setVersion((old) => old + 1)}
    />
  );
}

function EditedRecipe(options: {
  name: string | undefined;
  text: string;
  etag: string | undefined;
  notes: readonly { code: string; message: string }[];
  /** What is stored is to be shown again. */
  onDiscard: () => void;
}) {
  const { name, notes } = options;
  const { session, announce } = useApp();
  const draft = `recipe ${name ?? ''}`;
  const [text, setText] = useState(() => takeKept<string>(draft) ?? options.text);
  const [saved, setSaved] = useState({ text: options.text, etag: options.etag });
  const discard = () => {
    keep(draft, undefined);
    options.onDiscard();
  };
  const edit = (next: string) => {
    keep(draft, next === saved.text ? undefined : next);
    setText(next);
  };
  const schema = useLoad('schema', readSchema);
  const check = useCheck(text);
  const action = useAction();
  const goTo = useRef<GoTo | undefined>(undefined);
  const changed = name === undefined || text !== saved.text;
  const writable = may(session, 'run');

  useEffect(() => {
    if (!changed || text === options.text) return;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener('beforeunload', ask);
    return () => window.removeEventListener('beforeunload', ask);
  }, [changed, text, options.text]);

  const start = () =>
    action.start(async () => {
      const sent = name !== undefined && !changed ? { stored: name } : { text };
      const { id } = await startRun(sent, crypto.randomUUID());
      location.hash = hrefOf({ page: 'run', id });
    });
  const save = (target: string, etag: string | undefined) =>
    action.start(async () => {
      const next = await saveRecipe({ name: target, text, etag });
      keep(draft, undefined);
      setSaved({ text, etag: next });
      announce(`${target} was saved.`);
      if (name === undefined) location.hash = hrefOf({ page: 'recipe', name: target });
    });
  return (
    <>
      <PageHead
        title={name ?? 'New recipe'}
        lead={
          name === undefined
            ? 'YAML, as mergekit knows it, and more.'
            : changed
              ? 'Edited, not saved'
              : 'Stored; runs by itself.'
        }
      >
        {writable && (
          <button type="button" class="button" disabled={action.busy || check.findings.length > 0} onClick={start}>
            {changed ? 'Run once' : 'Run now'}
          </button>
        )}
        {writable && name !== undefined && (
          <button
            type="button"
            class="button primary"
            disabled={action.busy || !changed}
            onClick={() => save(name, saved.etag)}
          >
            Save
          </button>
        )}
        {changed && name !== undefined && (
          <button type="button" class="button plain" onClick={discard}>
            Discard changes
          </button>
        )}
        {writable && name !== undefined && (
          <ConfirmButton
            label="Delete"
            question={`Delete ${name}?`}
            explanation="It will not run by itself any more. Its runs and what they published stay."
            class="plain"
            disabled={action.busy}
            onConfirm={() =>
              action.start(async () => {
                await deleteRecipe(name, saved.etag);
                announce(`${name} was deleted.`);
                location.hash = hrefOf({ page: 'recipes' });
              })
            }
          />
        )}
      </PageHead>
      {notes.length > 0 && (
        <div class="notice apart">
          <ul>
            {notes.map(({ code, message }) => (
              <li key={code + message}>{sentence(message)}</li>
            ))}
          </ul>
        </div>
      )}
      {action.problem !== undefined && (
        <Refused
          problem={action.problem}
          name={name}
          onDiscard={action.clear}
          onReload={discard}
          onOverwrite={(etag) => name !== undefined && save(name, etag)}
        />
      )}
      <div class="editor-columns">
        <div class="stack">
          <RecipeText
            text={text}
            schema={schema.value}
            findings={check.findings}
            onChange={edit}
            onReady={(move) => {
              goTo.current = move;
            }}
          />
          <p class="small soft">
            Control-Space proposes keys and values. Tab leaves the editor; F8 goes to the next mistake.
          </p>
          {name === undefined && writable && (
            <StoreForm busy={action.busy} onStore={(target) => save(target, undefined)} />
          )}
        </div>
        <Checks check={check} goTo={(line, column) => goTo.current?.(line, column)} />
      </div>
    </>
  );
}

/** What the server says of a text: its mistakes, or its plan. */
interface Check {
  state: 'checking' | 'checked';
  plan?: Plan;
  problem?: Problem;
  findings: readonly Finding[];
}

/** Asks the server about the text whenever typing pauses; an answer to an older text is dropped. */
function useCheck(text: string): Check {
  const [check, setCheck] = useState<Check>({ state: 'checking', findings: [] });
  useEffect(() => {
    const stop = new AbortController();
    setCheck((old) => ({ ...old, state: 'checking' }));
    const timer = setTimeout(() => {
      makePlan({ text }, stop.signal).then(
        (plan) => setCheck({ state: 'checked', plan, findings: [] }),
        (error: unknown) => {
          if (stop.signal.aborted) return;
          const problem = problemOf(error);
          setCheck({ state: 'checked', problem, findings: findingsOf(problem) });
        },
      );
    }, TYPING_MS);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [text]);
  return check;
}

function findingsOf(problem: Problem): Finding[] {
  return partsOf(problem).flatMap(({ line, column, detail, hint }) =>
    line === undefined
      ? []
      : [
          {
            line,
            column: column ?? 1,
            message: hint === undefined ? sentence(detail) : `${sentence(detail)} ${sentence(hint)}`,
          },
        ],
  );
}

function Checks({ check, goTo }: { check: Check; goTo: GoTo }) {
  const { state, plan, problem } = check;
  return (
    <aside class="checks stack" aria-label="What the server says of it">
      <header>
        <h2>{problem !== undefined ? 'To be corrected' : 'Plan'}</h2>
        <span class={`live ${state === 'checking' ? 'waiting' : 'open'}`} role="status">
          {state === 'checking'
            ? 'Checking'
            : problem === undefined
              ? 'No mistakes'
              : `${partsOf(problem).length} found`}
        </span>
      </header>
      {problem !== undefined && (
        <ul>
          {partsOf(problem).map((part) => (
            <li key={`${part.code}${part.line}${part.column}${part.detail}`}>
              <button type="button" class="finding" onClick={() => goTo(part.line ?? 1, part.column ?? 1)}>
                <strong>{sentence(part.detail)}</strong>
                {part.line !== undefined && <span class="soft small">Line {part.line}. </span>}
                {part.hint !== undefined && <span class="small">{sentence(part.hint)}</span>}
              </button>
            </li>
          ))}
        </ul>
      )}
      {problem === undefined && plan !== undefined && <PlanDetails plan={plan} narrow before />}
    </aside>
  );
}

function StoreForm({ busy, onStore }: { busy: boolean; onStore: (name: string) => void }) {
  const [name, setName] = useState('');
  const id = useId();
  return (
    <form
      class="panel"
      onSubmit={(event) => {
        event.preventDefault();
        onStore(name.trim());
      }}
    >
      <header>
        <h2>Store it</h2>
      </header>
      <div class="field">
        <label for={id}>Name</label>
        <input
          id={id}
          type="text"
          value={name}
          required
          spellcheck={false}
          aria-describedby={`${id}hint`}
          onInput={(event) => setName(event.currentTarget.value)}
        />
        <span id={`${id}hint`} class="hint">
          A stored recipe runs whenever one of its models or datasets changes, and on the schedule of its trigger.
        </span>
      </div>
      <div class="actions form-end">
        <button type="submit" class="button primary" disabled={busy || name.trim() === ''}>
          Store
        </button>
      </div>
    </form>
  );
}

/** Why saving was refused; where somebody else saved meanwhile, a choice. */
function Refused(options: {
  problem: Problem;
  name: string | undefined;
  onDiscard: () => void;
  onOverwrite: (etag: string) => void;
  /** The changes are given up for what is stored. */
  onReload: () => void;
}) {
  const { problem, name, onOverwrite, onDiscard, onReload } = options;
  const overwrite = useCallback(() => {
    if (name === undefined) return;
    void readRecipe(name, new AbortController().signal).then(({ etag }) => {
      if (etag !== undefined) onOverwrite(etag);
    });
  }, [name, onOverwrite]);
  if (problem.status !== 412 || name === undefined) {
    return (
      <ProblemNotice problem={problem}>
        <button type="button" class="button" onClick={onDiscard}>
          Close
        </button>
      </ProblemNotice>
    );
  }
  return (
    <ProblemNotice problem={problem}>
      <button type="button" class="button" onClick={onReload}>
        Show what is stored now
      </button>
      <button type="button" class="button danger" onClick={overwrite}>
        Overwrite it with this
      </button>
    </ProblemNotice>
  );
}
