import { listRecipes, startRun } from '../api/api.ts';
import type { RecipeItem } from '../api/types.ts';
import { Age } from '../parts/age.tsx';
import { EmptyState } from '../parts/empty-state.tsx';
import { FuseGlyph } from '../parts/fuse-glyph.tsx';
import { LoadProblem } from '../parts/load-problem.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { ProblemNotice, sentence } from '../parts/problem-notice.tsx';
import { Difference } from '../parts/score-panel.tsx';
import { StateLabel } from '../parts/state-label.tsx';
import { hrefOf } from '../routing/route.ts';
import { may, useApp } from '../state/app-context.ts';
import { useAction } from '../state/use-action.ts';
import { useLoad } from '../state/use-load.ts';
import { describeTrigger } from '../text/describe-trigger.ts';
import { lookOf } from '../text/state-words.ts';
import { percent, shortName } from '../text/units.ts';

/** Stored recipes: what runs by itself, and what came of it last. */
export function RecipesView() {
  const { session } = useApp();
  const { value, problem, loading, reload } = useLoad('recipes', listRecipes);
  const items = value?.items ?? [];
  return (
    <>
      <PageHead title="Recipes" lead="A stored recipe runs again whenever a model or dataset that it names changes.">
        {may(session, 'run') && (
          <a class="button" href={hrefOf({ page: 'recipe' })}>
            New recipe
          </a>
        )}
      </PageHead>
      <LoadProblem problem={problem} reload={reload} />
      {items.length > 0 && (
        <ul class="rows" aria-label="Stored recipes">
          {items.map((recipe) => (
            <RecipeRow key={recipe.name} recipe={recipe} />
          ))}
        </ul>
      )}
      {items.length === 0 && !loading && problem === undefined && (
        <EmptyState title="No recipe is stored">
          <p>
            Store one, and every push to one of its models merges again, scores the result and publishes it if it got
            better.
          </p>
          <a class="button primary" href={hrefOf({ page: 'recipe' })}>
            New recipe
          </a>
        </EmptyState>
      )}
    </>
  );
}

function RecipeRow({ recipe }: { recipe: RecipeItem }) {
  const { session, announce } = useApp();
  const action = useAction();
  const { name, models, method, lastRun, notes } = recipe;
  const unpublished = lastRun?.state === 'done' && lastRun.published === false;
  const run = () =>
    action.start(async () => {
      const { id } = await startRun({ stored: name }, crypto.randomUUID());
      announce(`${name} was started.`);
      location.hash = hrefOf({ page: 'run', id });
    });
  return (
    <li class="row recipe">
      <FuseGlyph
        models={models.length}
        look={lastRun === undefined ? 'waiting' : lookOf(lastRun.state, { unpublished })}
      />
      <div>
        <h2>
          <a href={hrefOf({ page: 'recipe', name })}>{name}</a>
        </h2>
        <p class="sub">
          {method !== undefined && <span>{method} of </span>}
          {models.map(shortName).join(', ')}
        </p>
        <p class="sub">{describeTrigger(recipe.schedule)}</p>
      </div>
      <div class="where">
        {lastRun === undefined ? (
          <span class="soft small">never run</span>
        ) : (
          <>
            <a class="above plain-link" href={hrefOf({ page: 'run', id: lastRun.id })}>
              <StateLabel state={lastRun.state} unpublished={unpublished} />
            </a>
            <p class="sub">
              <Age time={lastRun.updatedAt} />
            </p>
          </>
        )}
      </div>
      <div class="figure number">
        {lastRun?.score !== undefined && <span class="score">{percent(lastRun.score)}</span>}
        {lastRun?.score !== undefined && lastRun.bestParent !== undefined && (
          <p class="sub">
            <Difference value={lastRun.score - lastRun.bestParent} />
          </p>
        )}
      </div>
      <div class="when">
        {may(session, 'run') && (
          <button
            type="button"
            class="button above"
            disabled={action.busy}
            onClick={run}
            aria-label={`Run now: ${name}`}
          >
            Run now
          </button>
        )}
      </div>
      {notes.length > 0 && (
        <ul class="notes">
          {notes.map((note) => (
            <li key={`${note.code}${note.repo}`}>{sentence(note.message)}</li>
          ))}
        </ul>
      )}
      {action.problem !== undefined && (
        <div class="notes">
          <ProblemNotice problem={action.problem} />
        </div>
      )}
    </li>
  );
}
