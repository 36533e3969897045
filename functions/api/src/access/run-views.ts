import { HubfuseError, type ObjectStore } from '@hubfuse/plugin';
import {
  isActive,
  type RunEvent,
  type RunRecord,
  type RunSummary,
  readEvents,
  readRun,
  readRunState,
  runVersion,
} from '@hubfuse/runs';
import { mayLook, type RunAccess, readAccess } from '@hubfuse/service';
import { mayUse, type Principal } from '../http/principal.ts';
import { eventView } from '../views/event-view.ts';
import { runView } from '../views/run-view.ts';
import { type RunOfCaller, UNKNOWN_RUN, unknownRun } from './runs-of-callers.ts';

/** Runs that are remembered; those that were asked for longest ago are forgotten first. */
const MOST_RUNS = 1_000;
const MOST_CHARACTERS = 32 * 1024 * 1024;
const MOST_ACCESSES = 10_000;
/** Longer lists of events are read from the store. */
const MOST_EVENTS = 500;

/** What is known of a run as long as its state is the same. */
interface KnownRun {
  id: string;
  version: string;
  access: RunAccess | undefined;
  /** Whether it is at its end. */
  ended: boolean;
  /** The JSON of answers about it. */
  texts: Map<'run' | 'report', string>;
  /** All of its events, where no further one comes, and the JSON of each. */
  events?: readonly { event: RunEvent; text: string }[];
}

/**
 * Runs as they are shown. What was read of a run is believed while its state, which is looked at every time, is the same: so
 * whatever another process does is seen at once, and a run that many look at costs one small read each.
 */
export class RunViews {
  readonly #store: ObjectStore;
  readonly #known = new Map<string, KnownRun>();
  readonly #accesses = new Map<string, { updatedAt: string; access: RunAccess | undefined }>();
  #characters = 0;

  constructor(store: ObjectStore) {
    this.#store = store;
  }

  /** The JSON that shows a run to a caller. @throws ApiError 404 `run/unknown` where there is none for that caller */
  async show(run: RunOfCaller): Promise<string> {
    const known = await this.require(run);
    return known.texts.get('run') ?? this.#keepText(known, 'run', runView(await this.#readAll(known)));
  }

  /** The JSON of what came of a run; undefined where that is not known yet. @throws ApiError 404 `run/unknown` */
  async report(run: RunOfCaller): Promise<string | undefined> {
    const known = await this.require(run);
    const text = known.texts.get('report');
    if (text !== undefined) return text;
    const { report } = await this.#readAll(known);
    return report && this.#keepText(known, 'report', reportView(report));
  }

  /** @throws ApiError 404 `run/unknown` where there is no such run, or the caller may not know of it */
  async require({ id, principal }: RunOfCaller): Promise<KnownRun> {
    const known = await this.#find(id);
    if (known !== undefined && mayLook(known.access, principal.key)) return known;
    throw unknownRun(id);
  }

  /** The events of a run behind one of them, each with its JSON, as an iteration or from what is known. */
  async *events(known: KnownRun, after: number): AsyncGenerator<{ event: RunEvent; text: string }> {
    if (known.events !== undefined) {
      yield* known.events.slice(after);
      return;
    }
    const events: { event: RunEvent; text: string }[] = [];
    // Of a run at its end all are read once, for whoever asks next.
    const from = known.ended ? 0 : after;
    for await (const event of readEvents({ store: this.#store, runId: known.id, after: from })) {
      const one = { event, text: JSON.stringify(eventView(event)) };
      if (events.length <= MOST_EVENTS) events.push(one);
      if (event.number > after) yield one;
    }
    if (!known.ended || events.length > MOST_EVENTS || !isEnd(events.at(-1)?.event)) return;
    this.#change(known, () => {
      known.events = events;
    });
  }

  /** Whether a caller may see a run of a list. */
  async maySee({ id, updatedAt }: RunSummary, principal: Principal): Promise<boolean> {
    if (mayUse(principal, 'admin')) return true;
    const known = this.#accesses.get(id);
    // Who may see it changes with its state alone.
    if (known?.updatedAt === updatedAt) return mayLook(known.access, principal.key);
    const access = await readAccess(this.#store, id);
    this.#accesses.delete(id);
    this.#accesses.set(id, { updatedAt, access });
    const [oldest] = this.#accesses.keys();
    if (this.#accesses.size > MOST_ACCESSES && oldest !== undefined) this.#accesses.delete(oldest);
    return mayLook(access, principal.key);
  }

  async #find(id: string): Promise<KnownRun | undefined> {
    const version = await this.#versionOf(id);
    const known = this.#known.get(id);
    this.#forget(id);
    if (version === undefined) return undefined;
    // The version is read before the rest: what is newer than it says is read again, and never the other way round.
    const found = known?.version === version ? known : await this.#read(id, version);
    this.#forget(id);
    this.#known.set(id, found);
    this.#characters += charactersOf(found);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= MOST_RUNS && this.#characters <= MOST_CHARACTERS) break;
      this.#forget(oldest);
    }
    return found;
  }

  async #read(id: string, version: string): Promise<KnownRun> {
    const store = this.#store;
    const [access, { status }] = await Promise.all([readAccess(store, id), readRunState({ store, runId: id })]);
    return { id, version, access, ended: !isActive(status), texts: new Map() };
  }

  async #versionOf(id: string): Promise<string | undefined> {
    try {
      return await runVersion({ store: this.#store, runId: id });
    } catch (error) {
      if (error instanceof HubfuseError && UNKNOWN_RUN.has(error.code)) return undefined;
      throw error;
    }
  }

  #readAll({ id }: KnownRun): Promise<RunRecord> {
    return readRun({ store: this.#store, runId: id });
  }

  #keepText(known: KnownRun, what: 'run' | 'report', view: unknown): string {
    const text = JSON.stringify(view);
    this.#change(known, () => known.texts.set(what, text));
    return text;
  }

  #change(known: KnownRun, change: () => void): void {
    const before = charactersOf(known);
    change();
    if (this.#known.get(known.id) === known) this.#characters += charactersOf(known) - before;
  }

  #forget(id: string): void {
    const known = this.#known.get(id);
    if (known === undefined) return;
    this.#characters -= charactersOf(known);
    this.#known.delete(id);
  }
}

function charactersOf({ texts, events = [] }: KnownRun): number {
  let sum = 0;
  for (const text of texts.values()) sum += text.length;
  for (const { text } of events) sum += text.length;
  return sum;
}

/** A report as the service shows it: where the folder lies on the machine that worked is nobody's business. */
function reportView({ folder: _, ...shown }: NonNullable<RunRecord['report']>) {
  return shown;
}

/** Whether nothing comes behind an event unless somebody starts the run again. */
function isEnd(event: RunEvent | undefined): boolean {
  return event !== undefined && ['done', 'failed', 'cancelled'].includes(event.type);
}
