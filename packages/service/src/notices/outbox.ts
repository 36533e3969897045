import { getJson, listAll, toJson } from '@hubfuse/objects';
import type { ObjectStore } from '@hubfuse/plugin';
import type { DiscussionPlace } from '../starting/begin-run.ts';
import { serviceKeys, wordOf } from '../store/keys-of-store.ts';

/** Something to tell, until it is told or given up. */
export type Notice = {
  /** Names the notice across attempts: a receiver tells repetitions by it. */
  id: string;
  run: string;
  recipe?: string;
  attempts: number;
  /** Milliseconds since 1970: not before then. */
  notBefore: number;
} & (
  | { channel: 'webhook'; body: string }
  | { channel: 'comment'; place: DiscussionPlace; text: string /** Only while it is open. */; onlyOpen: boolean }
);

type NewNotice =
  | { channel: 'webhook'; body: string }
  | { channel: 'comment'; place: DiscussionPlace; text: string; onlyOpen: boolean };

/** Notices as objects: what a run's end asks to be told survives whoever was to tell it. */
export class Outbox {
  readonly #store: ObjectStore;

  constructor(store: ObjectStore) {
    this.#store = store;
  }

  /** @param about the run, and what tells this end of it from an earlier one before a retry */
  async add(about: { run: string; recipe?: string | undefined; end: string }, notice: NewNotice): Promise<void> {
    const { run, recipe, end } = about;
    const target = notice.channel === 'webhook' ? '' : JSON.stringify(notice.place);
    const id = wordOf(run, end, notice.channel, target);
    const whole: Notice = {
      ...{ id, run, attempts: 0, notBefore: 0 },
      ...(recipe === undefined ? {} : { recipe }),
      ...notice,
    };
    await this.#store.create(serviceKeys.notice(id), toJson(whole));
  }

  async *read(): AsyncGenerator<Notice> {
    for await (const key of listAll(this.#store, serviceKeys.outbox)) {
      const found = await getJson<Notice>(this.#store, key);
      if (found !== undefined) yield found.value;
    }
  }

  async putOff(notice: Notice, until: number): Promise<void> {
    const next: Notice = { ...notice, attempts: notice.attempts + 1, notBefore: until };
    await this.#store.put(serviceKeys.notice(notice.id), toJson(next));
  }

  async remove({ id }: Notice): Promise<void> {
    await this.#store.delete(serviceKeys.notice(id));
  }
}
