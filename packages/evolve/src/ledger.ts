import type { Verdict } from '@hubfuse/evaluate';
import { RunError } from '@hubfuse/plugin';
import { checkBudget } from './check-budget.ts';
import { checkEnvironment, readCheckpoint } from './checkpoint.ts';
import { examplesByOutcome } from './examples-by-outcome.ts';
import type {
  CandidateRecord,
  InitialRecord,
  SearchBudget,
  SearchEnd,
  SearchEvent,
  SearchSetting,
  SearchSpending,
  SearchState,
} from './search-types.ts';

/** What a search decides on next. */
export interface Proposal<Subject> extends Pick<CandidateRecord, 'generation' | 'step' | 'point' | 'bar'> {
  subject: Subject;
  /** Whether the candidate counts as accepted; default: where it was above the bar. */
  accepts?(verdict: Verdict): boolean;
  /** Where the candidate is being judged already: the verdict on it. Absent: the judge is asked. */
  verdict?(): Promise<Verdict>;
}

/**
 * The decisions of a search, each made once: replayed from the checkpoint as far as it reaches, judged and saved after
 * that. So a killed search comes to the same end, and an ended one can be replayed without scoring anything.
 */
export class Ledger<Subject> {
  readonly #setting: SearchSetting<Subject>;
  readonly #budget: SearchBudget;
  readonly #state: SearchState;
  /** Decisions that the search has asked for so far. */
  #initial = 0;
  #candidates = 0;
  /** Spending up to the decision that was asked for last: budgets must end a replay where they ended the search. */
  #spent: SearchSpending = { evaluations: 0, examples: 0, examplesInFull: 0, seconds: 0 };
  #clock = performance.now();

  private constructor(setting: SearchSetting<Subject>, budget: SearchBudget, state: SearchState) {
    this.#setting = setting;
    this.#budget = budget;
    this.#state = state;
  }

  /**
   * Opens the checkpoint or begins a new one.
   * @throws RunError where the checkpoint is not of this search; it is kept
   */
  static async open<Subject>(
    setting: SearchSetting<Subject>,
    options: { kind: SearchState['kind']; budget: SearchBudget },
  ): Promise<Ledger<Subject>> {
    checkBudget(options.budget);
    const { identity, environment } = setting;
    const expected = {
      kind: options.kind,
      identity,
      environment,
      allowOtherProcessor: setting.allowOtherProcessor ?? false,
      replay: setting.replay ?? false,
    };
    const found = readCheckpoint(await setting.store.load(), expected);
    const state: SearchState = found ?? {
      version: 1,
      kind: options.kind,
      identity,
      environment,
      initial: [],
      candidates: [],
      spent: { evaluations: 0, examples: 0, examplesInFull: 0, seconds: 0 },
    };
    if (found !== undefined) {
      const other = checkEnvironment(found, expected);
      if (other !== undefined) state.otherEnvironments = [...(state.otherEnvironments ?? []), environment];
      const decisions = state.initial.length + state.candidates.length;
      setting.onEvent?.({
        type: 'resumed',
        decisions,
        ...(other === undefined ? {} : { otherProcessor: other }),
      } satisfies SearchEvent);
    }
    return new Ledger(setting, options.budget, state);
  }

  get spent(): SearchSpending {
    return this.#spent;
  }

  get state(): Readonly<SearchState> {
    return this.#state;
  }

  /** The verdict on one of the models that the search starts from, scored to the end. */
  async initial(name: string, subject: Subject): Promise<InitialRecord> {
    const number = this.#initial++;
    const known = this.#state.initial[number];
    if (known !== undefined) {
      if (known.name !== name) throw inconsistent(`its model ${number + 1} is ${known.name}, not ${name}`);
      this.#spend(known);
      return known;
    }
    const record: InitialRecord = { name, ...(await this.#judge(subject, undefined)) };
    this.#state.initial.push(record);
    this.#spend(record);
    await this.#save();
    this.#setting.onEvent?.({ type: 'initial', record, spent: this.#spent });
    return record;
  }

  /**
   * The decision on a candidate.
   * @param summarise best and mean score of the search after it, for the event
   */
  async decide(
    proposal: Proposal<Subject>,
    summarise: (record: CandidateRecord) => { best: number; mean: number },
  ): Promise<CandidateRecord> {
    const { subject, accepts, verdict: known, ...facts } = proposal;
    const number = this.#candidates++;
    const stored = this.#state.candidates[number];
    if (stored !== undefined) {
      this.#checkSame(stored, facts, number);
      this.#spend(stored);
      summarise(stored);
      return stored;
    }
    const { verdict, seconds } = await this.#judge(subject, facts.bar, known);
    const record: CandidateRecord = {
      number,
      ...facts,
      verdict,
      accepted: accepts?.(verdict) ?? verdict.accepted,
      seconds,
    };
    this.#state.candidates.push(record);
    this.#spend(record);
    const summary = summarise(record);
    await this.#save();
    this.#setting.onEvent?.({ type: 'candidate', record, ...summary, spent: this.#spent });
    return record;
  }

  /** Whether the decision that comes so many after the next one stands already. */
  holds(ahead: number): boolean {
    return this.#candidates + ahead < this.#state.candidates.length;
  }

  /**
   * The budget that is spent, if any. Time counts as the decisions recorded it, so that a replay ends where the search did;
   * decisions that stand are taken whatever the budget is now.
   */
  exhausted(generation: number): SearchEnd | undefined {
    if (this.#candidates < this.#state.candidates.length) return undefined;
    const { generations, evaluations, examples, seconds } = this.#budget;
    const spent = this.#spent;
    if (generations !== undefined && generation >= generations) return 'generations';
    if (evaluations !== undefined && spent.evaluations >= evaluations) return 'evaluations';
    if (examples !== undefined && spent.examples >= examples) return 'examples';
    if (seconds !== undefined && spent.seconds >= seconds) return 'seconds';
    return this.#endedFromOutside() ? 'seconds' : undefined;
  }

  /** A replay ends with the decisions that stand, where no budget of its own but the time around it ended the search. */
  #endedFromOutside(): boolean {
    const { replay, isOutOfTime } = this.#setting;
    return replay === true ? this.#state.ended === 'seconds' : isOutOfTime?.() === true;
  }

  /** Records the end. */
  async end(reason: SearchEnd, best: number): Promise<void> {
    if (this.#state.ended !== reason) {
      this.#state.ended = reason;
      await this.#save();
    }
    const examples = examplesByOutcome(this.#state.candidates);
    this.#setting.onEvent?.({ type: 'ended', reason, best, spent: this.#spent, examples });
  }

  async #judge(
    subject: Subject,
    bar: number | undefined,
    known?: () => Promise<Verdict>,
  ): Promise<{ verdict: Verdict; seconds: number }> {
    const { judge, signal, replay } = this.#setting;
    if (replay === true) throw inconsistent('it holds fewer decisions than this search needs');
    signal?.throwIfAborted();
    const verdict = await (known?.() ?? judge(subject, { bar, signal }));
    const now = performance.now();
    const seconds = (now - this.#clock) / 1000;
    this.#clock = now;
    return { verdict, seconds };
  }

  #spend({ verdict, seconds }: { verdict: Verdict; seconds: number }): void {
    this.#spent = {
      evaluations: this.#spent.evaluations + 1,
      examples: this.#spent.examples + verdict.examples,
      examplesInFull: this.#spent.examplesInFull + verdict.total,
      seconds: this.#spent.seconds + seconds,
    };
  }

  #checkSame(
    known: CandidateRecord,
    facts: Omit<Proposal<Subject>, 'subject' | 'accepts' | 'verdict'>,
    number: number,
  ): void {
    const proposed = JSON.stringify([facts.generation, facts.step]);
    const stands = JSON.stringify([known.generation, known.step]);
    // Points of CMA-ES hold results of functions whose last bit is the platform's: those that stand are taken.
    const dimensions = known.point?.length === facts.point?.length;
    if (proposed !== stands || !dimensions) {
      throw inconsistent(`its candidate ${number + 1} is ${stands} where this search has ${proposed}`);
    }
  }

  async #save(): Promise<void> {
    this.#state.spent = this.#spent;
    await this.#setting.store.save(JSON.stringify(this.#state));
  }
}

function inconsistent(what: string): RunError {
  return new RunError({
    code: 'evolve/checkpoint-mismatch',
    message: `the checkpoint does not belong to this search: ${what}`,
    hint: 'it was made by another version of hubfuse; it was left as it is: search into another folder',
  });
}
