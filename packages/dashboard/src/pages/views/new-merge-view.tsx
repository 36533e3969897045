import { useEffect, useRef, useState } from 'preact/hooks';
import { listMethods, listTasks, makePlan, startRun } from '../api/api.ts';
import { type Problem, partsOf } from '../api/problem.ts';
import type { Method, Plan } from '../api/types.ts';
import { DatasetFields } from '../parts/dataset-fields.tsx';
import { Field } from '../parts/field.tsx';
import { HubTokenField } from '../parts/hub-token-field.tsx';
import { MethodChoice } from '../parts/method-choice.tsx';
import { ModelList } from '../parts/model-list.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { ParameterFields } from '../parts/parameter-fields.tsx';
import { PlanDetails } from '../parts/plan-details.tsx';
import { ProblemNotice } from '../parts/problem-notice.tsx';
import { PublishFields } from '../parts/publish-fields.tsx';
import { EMPTY_FORM, type MergeForm, placeOf, recipeOf } from '../recipe/merge-form.ts';
import { toYaml } from '../recipe/to-yaml.ts';
import { hrefOf } from '../routing/route.ts';
import { may, useApp } from '../state/app-context.ts';
import { handOver } from '../state/handed-over.ts';
import { keep, takeKept } from '../state/kept.ts';
import { useAction } from '../state/use-action.ts';
import { useLoad } from '../state/use-load.ts';

/** Where a form begins when the server has it. */
const FIRST_METHOD = 'linear';
const KEPT = 'new merge';

/** A merge by pasting addresses, without YAML: models, method, plan, run. */
export function NewMergeView() {
  const methods = useLoad('methods', listMethods);
  const tasks = useLoad('tasks', listTasks);
  const problem = methods.problem ?? tasks.problem;
  return (
    <>
      <PageHead title="New merge" lead="Paste addresses of the Hub, choose a method, look at the plan, start." />
      {problem !== undefined && <ProblemNotice problem={problem} />}
      {methods.value !== undefined && tasks.value !== undefined && (
        <FilledForm methods={methods.value} tasks={tasks.value} />
      )}
    </>
  );
}

function FilledForm({
  methods,
  tasks,
}: {
  methods: readonly Method[];
  tasks: Parameters<typeof DatasetFields>[0]['tasks'];
}) {
  const { session } = useApp();
  const [form, setForm] = useState<MergeForm>(
    () => takeKept<MergeForm>(KEPT) ?? { ...EMPTY_FORM, method: firstMethod(methods) },
  );
  const [plan, setPlan] = useState<Plan>();
  const [planned, setPlanned] = useState<MergeForm>();
  const planning = useAction();
  const starting = useAction();
  const heading = useRef<HTMLHeadingElement>(null);
  const method = methods.find(({ name }) => name === form.method);
  const change = (part: Partial<MergeForm>) => setForm((old) => ({ ...old, ...part }));
  const refused = planning.problem ?? starting.problem;
  const places = placesOf(refused, form);
  const filled = form.models.filter((model) => model.trim() !== '').length;
  const least = method?.models.minimum ?? 2;

  useEffect(() => keep(KEPT, form), [form]);
  // The plan is what was asked for: a reader is taken to it.
  useEffect(() => {
    if (plan !== undefined) heading.current?.focus();
  }, [plan]);

  const showPlan = () => {
    starting.clear();
    planning.start(async () => {
      const made = await makePlan({ data: recipeOf(form, method) });
      setPlan(made);
      setPlanned(form);
    });
  };
  const start = () => {
    planning.clear();
    starting.start(async () => {
      const { id } = await startRun({ data: recipeOf(form, method) }, crypto.randomUUID());
      keep(KEPT, undefined);
      location.hash = hrefOf({ page: 'run', id });
    });
  };
  return (
    <form
      class="panel"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        showPlan();
      }}
    >
      <fieldset class="part">
        <legend class="section">Models</legend>
        <p class="lead">One line each. Paste several at once and they fall into lines.</p>
        <div class="body">
          <ModelList models={form.models} wrong={indexed(places, 'models')} onChange={(models) => change({ models })} />
        </div>
      </fieldset>
      <fieldset class="part">
        <legend class="section">Method</legend>
        <p class="lead">How the weights become one.</p>
        <div class="body">
          <MethodChoice
            methods={methods}
            value={form.method}
            onChange={(name) => change({ method: name, values: {}, perModel: {} })}
          />
        </div>
      </fieldset>
      {method !== undefined && (
        <fieldset class="part">
          <legend class="section">Settings of {method.title}</legend>
          <p class="lead">Whatever is left empty takes the method's default.</p>
          <div class="body stack">
            {method.base !== 'unused' && (
              <Field label="Base model" hint={baseHint(method)} wrong={places.get('base_model')}>
                {(input) => (
                  <input
                    {...input}
                    type="text"
                    inputMode="url"
                    spellcheck={false}
                    placeholder="https://huggingface.co/org/base"
                    value={form.base}
                    onInput={(event) => change({ base: event.currentTarget.value })}
                  />
                )}
              </Field>
            )}
            <ParameterFields {...{ method, form }} wrong={below(places, 'parameters')} onChange={change} />
          </div>
        </fieldset>
      )}
      <fieldset class="part">
        <legend class="section">Score it on</legend>
        <p class="lead">Optional. The merge is compared with each of its parents on the same examples.</p>
        <div class="body">
          <DatasetFields {...{ form, tasks }} wrong={below(places, 'datasets')} onChange={change} />
        </div>
      </fieldset>
      <fieldset class="part">
        <legend class="section">Publish to the Hub</legend>
        <p class="lead">Optional. Without it the merged model stays with the run.</p>
        <div class="body">
          <PublishFields form={form} wrong={places} onChange={change} />
        </div>
      </fieldset>
      <fieldset class="part">
        <legend class="section">In your name</legend>
        <p class="lead">Optional. For models and repositories that the server's own account may not use.</p>
        <div class="body fields">
          <HubTokenField />
        </div>
      </fieldset>
      <fieldset class="part">
        <legend class="section">Name</legend>
        <p class="lead">Optional. What the run is called.</p>
        <div class="body fields">
          <Field label="Name of the merge" wrong={places.get('name')}>
            {(input) => (
              <input
                {...input}
                type="text"
                value={form.name}
                onInput={(event) => change({ name: event.currentTarget.value })}
              />
            )}
          </Field>
        </div>
      </fieldset>
      <div class="part">
        <div class="body stack">
          {refused !== undefined && <ProblemNotice problem={refused} lines={false} />}
          <div class="actions">
            <button
              type="submit"
              class={`button ${plan === undefined ? 'primary' : ''}`}
              disabled={planning.busy || filled < least}
            >
              {planning.busy ? 'Planning…' : 'Show the plan'}
            </button>
            <button
              type="button"
              class="button plain"
              onClick={() => {
                handOver(toYaml(JSON.parse(JSON.stringify(recipeOf(form, method)))));
                location.hash = hrefOf({ page: 'recipe' });
              }}
            >
              Go on in YAML
            </button>
            {filled < least && <span class="small soft">It takes at least {least} models.</span>}
          </div>
        </div>
      </div>
      {plan !== undefined && (
        <section class="part" aria-labelledby="plan-title">
          <h2 id="plan-title" ref={heading} tabIndex={-1}>
            What it would do
          </h2>
          <p class="lead">
            {planned === form ? 'Nothing has been downloaded yet.' : 'The form has changed since this plan was made.'}
          </p>
          <div class="body stack">
            <PlanDetails plan={plan} before />
            {may(session, 'run') ? (
              <div class="actions">
                <button type="button" class="button primary" disabled={starting.busy} onClick={start}>
                  {starting.busy ? 'Starting…' : 'Start this merge'}
                </button>
              </div>
            ) : (
              <p class="soft">The key of this session may look, but start nothing.</p>
            )}
          </div>
        </section>
      )}
    </form>
  );
}

function firstMethod(methods: readonly Method[]): string {
  return (methods.find(({ name }) => name === FIRST_METHOD) ?? methods[0])?.name ?? '';
}

function baseHint({ base }: Method): string {
  const known = 'Left empty, the cards of the models are asked for it.';
  return base === 'required' ? `The model that the others were fine-tuned from. ${known}` : `Optional. ${known}`;
}

/** What is wrong, by its place in the form. */
function placesOf(problem: Problem | undefined, form: MergeForm): Map<string, string> {
  const places = new Map<string, string>();
  for (const { pointer, detail } of problem === undefined ? [] : partsOf(problem)) {
    const place = placeOf(pointer, form);
    if (place !== undefined && !places.has(place)) places.set(place, detail);
  }
  return places;
}

function below(places: ReadonlyMap<string, string>, head: string): Map<string, string> {
  const prefix = `${head}.`;
  return new Map(
    [...places].flatMap(([place, detail]) => (place.startsWith(prefix) ? [[place.slice(prefix.length), detail]] : [])),
  );
}

function indexed(places: ReadonlyMap<string, string>, head: string): Map<number, string> {
  return new Map([...below(places, head)].map(([place, detail]) => [Number(place), detail]));
}
