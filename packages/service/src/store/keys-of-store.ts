import { createHash } from 'node:crypto';

/** Where everything of the service lies in a store, beside the runs. */
export const SERVICE = 'service/';

/** A short word for any text that cannot stand in a key itself: 24 hexadecimal digits of its SHA-256. */
export function wordOf(...parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 24);
}

/** A run from when it is made or queued again until it ends. */
export interface RunLife {
  run: string;
  /** How often it was made active, as its state counts. */
  generation: number;
}

/** The first one has the run's own name, which is all that earlier versions knew. */
function lifeName({ run, generation }: RunLife): string {
  return generation === 1 ? run : `${run}.${generation}`;
}

export const serviceKeys = {
  keys: `${SERVICE}keys/`,
  key: (id: string) => `${SERVICE}keys/${id}.json`,
  secret: (life: RunLife) => `${SERVICE}secrets/${lifeName(life)}.json`,
  secretsOf: (run: string) => `${SERVICE}secrets/${run}.`,
  recipes: `${SERVICE}recipes/`,
  recipe: (name: string) => `${SERVICE}recipes/${name}.json`,
  notes: (recipe: string) => `${SERVICE}notes/${recipe}/`,
  note: (recipe: string, word: string) => `${SERVICE}notes/${recipe}/${word}.json`,
  /** Which recipes may have to do with a repository: a hint that is looked up before recipes are read. */
  uses: (type: 'model' | 'dataset', repo: string) => `${SERVICE}uses/${type}/${wordOf(repo)}/`,
  use: (type: 'model' | 'dataset', repo: string, recipe: string) =>
    `${SERVICE}uses/${type}/${wordOf(repo)}/${recipe}.json`,
  /** Runs that were started by one subject on one day. */
  quota: (day: string, subject: string) => `${SERVICE}quotas/${day}/${wordOf(subject)}.json`,
  quotas: `${SERVICE}quotas/`,
  /** Dollars that the runs of one subject hold of one month. */
  spending: (month: string, subject: string) => `${SERVICE}spending/${month}/${wordOf(subject)}.json`,
  /** Runs whose end has to be attended to. */
  attended: `${SERVICE}attended/`,
  attendedRun: (life: RunLife) => `${SERVICE}attended/${lifeName(life)}.json`,
  attendedOf: (run: string) => `${SERVICE}attended/${run}.`,
  /** Job that a launcher made of a run: its logs are asked for by that. */
  job: (run: string) => `${SERVICE}jobs/${run}.json`,
  access: `${SERVICE}access/`,
  accessOf: (run: string) => `${SERVICE}access/${run}.json`,
  inbox: `${SERVICE}inbox/`,
  letter: (word: string) => `${SERVICE}inbox/${word}.json`,
  lanes: `${SERVICE}lanes/`,
  lane: (word: string) => `${SERVICE}lanes/${word}.json`,
  waitingLanes: `${SERVICE}waiting/`,
  waitingLane: (word: string) => `${SERVICE}waiting/${word}.json`,
  former: (type: 'model' | 'dataset', repo: string) => `${SERVICE}former/${type}/${wordOf(repo)}.json`,
  outbox: `${SERVICE}outbox/`,
  notice: (word: string) => `${SERVICE}outbox/${word}.json`,
  schedule: (recipe: string) => `${SERVICE}schedules/${recipe}.json`,
  lease: (name: string) => `${SERVICE}leases/${name}.json`,
  answers: `${SERVICE}answers/`,
  answer: (word: string) => `${SERVICE}answers/${word}.json`,
} as const;
