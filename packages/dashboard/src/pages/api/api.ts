import type { Schema } from '../editor/schema-lookup.ts';
import type { Plain } from '../recipe/to-yaml.ts';
import { hubTokenHeader } from './hub-token.ts';
import { ask, request, send } from './request.ts';
import type {
  Method,
  Page,
  Plan,
  RecipeItem,
  Run,
  RunArtefact,
  RunItem,
  Session,
  StateFilter,
  StoredRecipe,
  Task,
} from './types.ts';

const run = (id: string) => `v1/runs/${encodeURIComponent(id)}`;
const recipe = (name: string) => `v1/recipes/${encodeURIComponent(name)}`;

/** A recipe as it is sent: its text, its data, or the name of a stored one. */
export type SentRecipe =
  | { text: string }
  | { data: { readonly [key: string]: Plain | undefined } }
  | { stored: string };

function bodyOf(sent: SentRecipe): object {
  if ('text' in sent) return { recipe: sent.text };
  return 'data' in sent ? { recipe: sent.data } : { stored: sent.stored };
}

export function readSession(signal: AbortSignal): Promise<Session> {
  return request('v1/session', { signal });
}

/** The ways to sign in beside a key. */
export function readSignIn(signal: AbortSignal): Promise<{ huggingface: boolean }> {
  return request('v1/sign-in', { signal });
}

export function beginSession(key: string): Promise<Session> {
  return request('v1/session', { method: 'POST', body: { key } });
}

export async function endSession(): Promise<void> {
  await send('v1/session', { method: 'DELETE' });
}

export function listRuns(
  query: {
    state?: StateFilter | undefined;
    recipe?: string | undefined;
    model?: string | undefined;
    cursor?: string;
    limit?: number;
  },
  signal: AbortSignal,
): Promise<Page<RunItem>> {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    if (value !== undefined && value !== '') parameters.set(name, String(value));
  return request(`v1/runs?${parameters}`, { signal });
}

export function readRun(id: string, signal: AbortSignal): Promise<Run> {
  return request(run(id), { signal });
}

/** The files that a run made. */
export async function listArtefacts(id: string, signal: AbortSignal): Promise<readonly RunArtefact[]> {
  return (await request<Page<RunArtefact>>(`${run(id)}/artefacts`, { signal })).items;
}

/** @param key Makes a request that is sent twice start one run. */
export function startRun(sent: SentRecipe, key: string): Promise<{ id: string }> {
  return request('v1/runs', {
    method: 'POST',
    body: bodyOf(sent),
    headers: { ...hubTokenHeader(), 'idempotency-key': key },
  });
}

export async function actOnRun(id: string, action: 'cancel' | 'retry' | 'publish'): Promise<void> {
  await send(`${run(id)}/${action}`, { method: 'POST', headers: action === 'cancel' ? {} : hubTokenHeader() });
}

export async function deleteRun(id: string): Promise<void> {
  await send(run(id), { method: 'DELETE' });
}

export function makePlan(sent: SentRecipe, signal?: AbortSignal): Promise<Plan> {
  const given = signal === undefined ? {} : { signal };
  return request('v1/plans', { method: 'POST', body: bodyOf(sent), headers: hubTokenHeader(), ...given });
}

export function listRecipes(signal: AbortSignal): Promise<Page<RecipeItem>> {
  return request('v1/recipes', { signal });
}

export function readRecipe(name: string, signal: AbortSignal): Promise<{ value: StoredRecipe; etag?: string }> {
  return ask(recipe(name), { signal });
}

/** @param etag The version that was edited; absent: there must be none of that name. */
export async function saveRecipe(options: {
  name: string;
  text: string;
  etag?: string | undefined;
}): Promise<string | undefined> {
  const { name, text, etag } = options;
  const answer = await send(recipe(name), {
    method: 'PUT',
    body: text,
    headers: etag === undefined ? { 'if-none-match': '*' } : { 'if-match': etag },
  });
  return answer.headers.get('etag') ?? undefined;
}

export async function deleteRecipe(name: string, etag: string | undefined): Promise<void> {
  await send(recipe(name), { method: 'DELETE', headers: etag === undefined ? {} : { 'if-match': etag } });
}

export async function listMethods(signal: AbortSignal): Promise<readonly Method[]> {
  return (await request<Page<Method>>('v1/methods', { signal })).items;
}

export async function listTasks(signal: AbortSignal): Promise<readonly Task[]> {
  return (await request<Page<Task>>('v1/tasks', { signal })).items;
}

export function readSchema(signal: AbortSignal): Promise<Schema> {
  return request('v1/schema', { signal });
}
