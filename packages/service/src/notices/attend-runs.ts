import { isActive, listPublications, type RunRecord } from '@hubfuse/runs';
import { dropClaim } from '../dispatch/run-claims.ts';
import { noteRename } from '../events/former-names.ts';
import { sameRepo } from '../recipes/recipe-uses.ts';
import type { Services } from '../services.ts';
import {
  type AttendedRun,
  attendedRuns,
  type DiscussionPlace,
  findRun,
  findState,
  lifeOf,
} from '../starting/begin-run.ts';
import { type RunLife, serviceKeys } from '../store/keys-of-store.ts';
import { describeOutcome, type Outcome, outcomeOf } from './describe-outcome.ts';
import { noticeBody } from './notice-body.ts';
import { Outbox } from './outbox.ts';
import type { NoticeWebhook } from './send-webhook.ts';

/** What is told of the end of runs. */
export interface NoticeSettings {
  /** A signed message to this address. Default: none. */
  webhook?: NoticeWebhook | undefined;
  /** A comment on the pull request that a run made, came from, or would have replaced. Default true. */
  comments?: boolean | undefined;
}

/** After so long a run that does not exist was never made. */
const NEVER_MADE_MS = 600_000;

/** Does what the end of a run asks for: wipes its token and writes its notices. */
export async function attendRuns(services: Services, settings: NoticeSettings = {}): Promise<void> {
  for await (const attended of attendedRuns(services.store)) {
    const life = { run: attended.run, generation: attended.generation ?? 1 };
    const state = await findState(services.store, attended.run);
    if (state === undefined) {
      if (services.now() - Date.parse(attended.at) > NEVER_MADE_MS) await forget(services, life);
      continue;
    }
    if (lifeOf(state).generation > life.generation) {
      // It was queued again before anybody could tell of its end.
      await forget(services, life);
      continue;
    }
    const run = isActive(state.status) ? undefined : await findRun(services.store, attended.run);
    const outcome = run && outcomeOf(run);
    if (run === undefined || outcome === undefined) continue;
    await writeNotices(services, { attended, run, outcome, settings });
    await learnNames(services, run);
    await forget(services, life);
    await dropClaim(services.store, attended.run);
  }
}

/** The token first: notices may be lost before a secret stays. */
async function forget({ store, secrets }: Services, life: RunLife): Promise<void> {
  await secrets.wipe(life);
  await store.delete(serviceKeys.attendedRun(life));
}

async function writeNotices(
  services: Services,
  ended: { attended: AttendedRun; run: RunRecord; outcome: Outcome; settings: NoticeSettings },
): Promise<void> {
  const { attended, run, outcome, settings } = ended;
  const outbox = new Outbox(services.store);
  const about = { run: attended.run, recipe: attended.recipe, end: `${run.state.attempts} ${outcome}` };
  const isTold = outcome !== 'cancelled';
  if (settings.webhook !== undefined && isTold) {
    await outbox.add(about, { channel: 'webhook', body: noticeBody(outcome, run) });
  }
  if (settings.comments === false) return;
  const text = describeOutcome(outcome, run, services.publicUrl);
  const asked = attended.discussion;
  if (asked !== undefined) await outbox.add(about, { channel: 'comment', place: asked, text, onlyOpen: false });
  const own = isTold ? await ownPullRequest(services, run, outcome) : undefined;
  if (own === undefined || (asked !== undefined && isSame(asked, own))) return;
  await outbox.add(about, { channel: 'comment', place: own, text, onlyOpen: true });
}

/** The pull request that a run made; for one that made none, the last one that its recipe made there. */
async function ownPullRequest(
  { store }: Services,
  { spec, report }: RunRecord,
  outcome: Outcome,
): Promise<DiscussionPlace | undefined> {
  const repo = spec.recipe.publish?.hub?.repo;
  if (repo === undefined) return undefined;
  const made = report?.published.find(({ publisher, as }) => publisher === 'hub' && as === 'pull_request');
  if (made !== undefined) return placeOf(repo, made.url);
  const recipe = spec.origin.recipe?.name;
  if (outcome === 'done' || recipe === undefined) return undefined;
  const earlier = (await listPublications(store, repo)).find((each) => each.recipe === recipe);
  return earlier?.as === 'pull_request' ? placeOf(repo, earlier.url) : undefined;
}

/** Number of a pull request by its address. */
function placeOf(repo: string, url: string): DiscussionPlace | undefined {
  const number = Number(/\/discussions\/(\d+)/.exec(url)?.[1]);
  return Number.isSafeInteger(number) ? { type: 'model', repo, number } : undefined;
}

function isSame(a: DiscussionPlace, b: DiscussionPlace): boolean {
  return a.type === b.type && a.number === b.number && sameRepo(a.repo, b.repo);
}

/** A recipe may call a model by a name that the Hub leads on from (`gpt2`); pushes come under the present one. */
async function learnNames({ store }: Services, { spec, plan }: RunRecord): Promise<void> {
  if (spec.origin.recipe === undefined || plan === undefined) return;
  const { base, models } = spec.recipe;
  for (const { reference } of [...(base === undefined ? [] : [base]), ...models]) {
    if (reference.kind !== 'hub') continue;
    const pinned = plan.models.find((model) => model.reference === reference.reference);
    if (pinned?.kind !== 'hub' || sameRepo(pinned.name, reference.repo)) continue;
    await noteRename(store, { type: 'model', from: reference.repo, to: pinned.name });
  }
}
