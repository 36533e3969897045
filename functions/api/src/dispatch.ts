import { setTimeout as wait } from 'node:timers/promises';
import { Dispatcher } from '@hubfuse/service';
import { logLine, openLambdaServices } from './lambda/open-services.ts';

/** What the rules of the stack send. */
export interface DispatchEvent {
  why?: string;
  job?: string;
  status?: string;
  key?: string;
}

/** A job that has ended is let go by one look, and its run submitted again by one that comes a moment later. */
const LOOKS = 2;
const PAUSE_MS = 1_000;

let opening: Promise<Dispatcher> | undefined;

async function open(): Promise<Dispatcher> {
  const { environment, services, launcher, workspace } = await openLambdaServices();
  return new Dispatcher({
    services,
    launcher,
    execution: { workspace },
    concurrency: environment.concurrency,
    onProblem: (error) => logLine('error', { event: 'problem', message: String(error) }),
  });
}

/** The function `dispatch` of the stack: one pass of the dispatcher for each event, whatever the event says. */
export async function handler(event: DispatchEvent): Promise<{ runs: readonly string[] }> {
  opening ??= open();
  const dispatcher = await opening.catch((error: unknown) => {
    // The next event tries again instead of meeting the same failure for as long as this environment lives.
    opening = undefined;
    throw error;
  });
  for (let look = 1; look <= LOOKS; look++) {
    if (look > 1) await wait(PAUSE_MS);
    await dispatcher.look();
  }
  const { runs } = dispatcher;
  logLine('info', { event: 'dispatched', ...event, runs: runs.length });
  return { runs };
}
