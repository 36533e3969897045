import { randomUUID } from 'node:crypto';
import { getJson, listAll } from '@hubfuse/objects';
import type { ObjectStore, StoredObject } from '@hubfuse/plugin';
import { runKeys } from '../keys.ts';
import type { RunOwner } from '../run.ts';

/** What stands of one task. */
export interface TaskStanding {
  name: string;
  /** It was asked for and not taken back. */
  task: boolean;
  /** Somebody does it, or has begun to. */
  claim: boolean;
  result: boolean;
}

type Kind = 'job' | 'task' | 'claim' | 'result';

/**
 * The tasks of a run that several processes share, as objects: `<name>.task` says what is to be done, `<name>.claim` who does it,
 * `<name>.result` what came of it. What the tasks of one group have in common is its `<group>.job`. Whoever does a task, its
 * outcome is the same, so that the first one counts and a second one is the same again.
 */
export class TaskBoard {
  readonly #store: ObjectStore;
  readonly #tasks: string;
  readonly #parts: string;

  constructor({ store, runId }: { store: ObjectStore; runId: string }) {
    this.#store = store;
    this.#tasks = runKeys(runId).tasks;
    this.#parts = runKeys(runId).parts;
  }

  /** All tasks by name, sorted by it. */
  async list(): Promise<Map<string, TaskStanding>> {
    const found = new Map<string, TaskStanding>();
    for await (const key of listAll(this.#store, this.#tasks)) {
      const dot = key.lastIndexOf('.');
      const name = key.slice(this.#tasks.length, dot);
      const kind = key.slice(dot + 1);
      if (kind !== 'task' && kind !== 'claim' && kind !== 'result') continue;
      const standing = found.get(name) ?? { name, task: false, claim: false, result: false };
      found.set(name, { ...standing, [kind]: true });
    }
    return found;
  }

  /** Whether a task is done by now, whatever an earlier list said. */
  async isDone(name: string): Promise<boolean> {
    const key = this.#key(name, 'result');
    return (await this.#store.list(key, { limit: 1 })).keys[0] === key;
  }

  async get(name: string, kind: Kind): Promise<StoredObject | undefined> {
    return await this.#store.get(this.#key(name, kind));
  }

  /** Who does a task, or did; undefined where nobody has begun to. */
  async claimant(name: string): Promise<{ owner: RunOwner; etag: string } | undefined> {
    const found = await getJson<RunOwner>(this.#store, this.#key(name, 'claim'));
    return found === undefined ? undefined : { owner: found.value, etag: found.etag };
  }

  /** Writes where nothing is; undefined where something is. */
  async create(name: string, kind: Kind, body: Uint8Array): Promise<string | undefined> {
    return await this.#store.create(this.#key(name, kind), body);
  }

  async replace(name: string, kind: Kind, change: { body: Uint8Array; etag: string }): Promise<string | undefined> {
    return await this.#store.replace(this.#key(name, kind), change.body, change.etag);
  }

  async put(name: string, kind: Kind, body: Uint8Array): Promise<void> {
    await this.#store.put(this.#key(name, kind), body);
  }

  async remove(name: string, kind: Kind): Promise<void> {
    await this.#store.delete(this.#key(name, kind));
  }

  /** Takes a task back with all that stands of it. Whoever does it hears of that by and by. */
  async forget(name: string): Promise<void> {
    for (const kind of ['task', 'claim', 'result'] as const) await this.remove(name, kind);
  }

  /** Keeps bytes beside a result, which has to say the name that they have got: others who do the same task keep their own. */
  async keepPart(task: string, content: AsyncIterable<Uint8Array>): Promise<string> {
    const name = `${task}.${randomUUID()}`;
    await this.#store.write(`${this.#parts}${name}`, content);
    return name;
  }

  async part(name: string): Promise<AsyncIterable<Uint8Array> | undefined> {
    return await this.#store.read(`${this.#parts}${name}`);
  }

  /** Removes everything, once nobody needs it any more. */
  async clear(): Promise<void> {
    for (const prefix of [this.#tasks, this.#parts]) {
      const keys: string[] = [];
      for await (const key of listAll(this.#store, prefix)) keys.push(key);
      for (const key of keys) await this.#store.delete(key);
    }
  }

  #key(name: string, kind: Kind): string {
    return `${this.#tasks}${name}.${kind}`;
  }
}
