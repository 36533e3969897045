import { commentDiscussion, readDiscussion } from '@hubfuse/hub';
import { HubfuseError } from '@hubfuse/plugin';
import { cancelRun, isActive, makePlan } from '@hubfuse/runs';
import { keyOf } from '../events/begin-push-run.ts';
import { recipesAbout } from '../events/handle-push.ts';
import type { HubPayload } from '../events/hub-payload.ts';
import { sameRepo } from '../recipes/recipe-uses.ts';
import type { ParsedRecipe } from '../recipes/stored-recipe.ts';
import type { Services } from '../services.ts';
import { attendedRuns, beginRun, type DiscussionPlace, findState } from '../starting/begin-run.ts';
import { checkPublishing } from '../starting/check-publishing.ts';
import { privateNamespaces } from '../starting/private-namespaces.ts';
import { describePlan } from './describe-plan.ts';
import { COMMANDS, type CommandName, isCommand, parseCommand } from './parse-command.ts';

/** Who may give commands by comments. */
export interface CommentSettings {
  /** Accounts of the Hub. Default: the account that a model belongs to. */
  commenters?: readonly string[] | undefined;
}

interface Asked {
  command: CommandName;
  stored: ParsedRecipe;
  /** Account of who asks. */
  account: string;
  comment: string;
  place: DiscussionPlace;
}

/**
 * Does what a comment on a discussion of a published model asks for and answers with a comment. What the comment says and who
 * wrote it is read from the Hub, not from the delivery. Comments of others and without a command get no answer.
 * @throws HubError where the Hub cannot be reached
 */
export async function handleComment(
  services: Services,
  payload: HubPayload,
  settings: CommentSettings = {},
): Promise<void> {
  const { repo, discussion, comment } = payload;
  if (repo.type !== 'model' || discussion === undefined || comment === undefined) return;
  if (parseCommand(comment.content) === undefined) return;
  const published = await publishedBy(services, repo.name);
  if (published.length === 0) return;
  const place: DiscussionPlace = { type: 'model', repo: repo.name, number: discussion.num };
  const { comments } = await readDiscussion({ ...place, options: services.hub });
  const written = comments.find(({ id }) => id === comment.id);
  const account = written?.author;
  const command = written === undefined || written.hidden ? undefined : parseCommand(written.text);
  if (account === undefined || command === undefined || !mayCommand(account, repo.name, settings)) return;
  const chosen = choose(published, command.recipe);
  let answer: string;
  if (!isCommand(command.name)) answer = usage(command.name);
  else if (typeof chosen === 'string') answer = chosen;
  else
    answer = await answerOf(services, { command: command.name, stored: chosen, account, comment: comment.id, place });
  await commentDiscussion({
    ...place,
    text: answer,
    marker: `answer-${comment.id.replaceAll(/-+/g, '-')}`,
    options: services.hub,
  });
}

/** Stored recipes that publish to a model. */
async function publishedBy(services: Services, repo: string): Promise<ParsedRecipe[]> {
  const about = await recipesAbout(services, { type: 'model', name: repo });
  return about.filter(({ recipe }) => sameRepo(recipe.publish?.hub?.repo ?? '', repo));
}

function mayCommand(account: string, repo: string, { commenters }: CommentSettings): boolean {
  const allowed = commenters ?? [repo.slice(0, repo.indexOf('/'))];
  return allowed.some((known) => known.toLowerCase() === account.toLowerCase());
}

/** The recipe that is meant, or an answer that asks which. */
function choose(published: readonly ParsedRecipe[], name: string | undefined): ParsedRecipe | string {
  const [only] = published;
  const names = published.map((recipe) => `\`${recipe.name}\``).join(', ');
  if (name === undefined) {
    if (only !== undefined && published.length === 1) return only;
    return `Several recipes publish to this model: ${names}. Name one of them behind the command.`;
  }
  const found = published.find((recipe) => recipe.name === name);
  return found ?? `No recipe of that name publishes to this model. There is ${names}.`;
}

function usage(name: string): string {
  const said = name === '' ? 'That is no command.' : `There is no command \`${name.replaceAll('`', '')}\`.`;
  return `${said} Commands are ${COMMANDS.map((command) => `\`/hubfuse ${command}\``).join(', ')}.`;
}

async function answerOf(services: Services, asked: Asked): Promise<string> {
  try {
    if (asked.command === 'merge') return await merge(services, asked);
    return asked.command === 'plan' ? await plan(services, asked) : await cancel(services, asked.stored.name);
  } catch (error) {
    if (!(error instanceof HubfuseError)) throw error;
    const hint = error.hint === undefined ? '' : `\n\n${error.hint}`;
    return `That cannot be done (\`${error.code}\`): ${error.summary}${hint}`;
  }
}

async function merge(services: Services, { stored, account, comment, place }: Asked): Promise<string> {
  const key = await keyOf(services, stored);
  const { id } = await beginRun(services, {
    recipe: stored.recipe,
    once: `comment ${place.repo.toLowerCase()} ${place.number} ${comment}`,
    key,
    discussion: place,
    origin: {
      ...{ trigger: 'comment', account },
      ...(key === undefined ? {} : { key: key.id }),
      recipe: { name: stored.name, etag: stored.etag },
      ancestry: [],
    },
  });
  return `The run \`${id}\` of the recipe \`${stored.name}\` is queued. What comes of it is told here; \`/hubfuse cancel\` stops it.`;
}

async function plan(services: Services, { stored: { name, recipe, ...stored } }: Asked): Promise<string> {
  const key = await keyOf(services, { name, recipe, ...stored });
  if (key !== undefined) {
    checkPublishing(recipe, key);
    await privateNamespaces({ recipe, key, hub: services.hub });
  }
  const { hub, registry } = services;
  return describePlan(name, await makePlan({ spec: { recipe, options: { hubUrl: hub.hubUrl } }, hub, registry }));
}

async function cancel(services: Services, recipe: string): Promise<string> {
  const stopped: string[] = [];
  for await (const attended of attendedRuns(services.store)) {
    if (attended.recipe !== recipe) continue;
    const state = await findState(services.store, attended.run);
    if (state === undefined || !isActive(state.status)) continue;
    await cancelRun({ store: services.store, runId: attended.run });
    stopped.push(`\`${attended.run}\``);
  }
  services.wake();
  if (stopped.length === 0) return `No run of the recipe \`${recipe}\` is under way.`;
  return `Stopping ${stopped.join(', ')}.`;
}
