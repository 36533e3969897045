interface LogEvent {
  timestamp: number;
  message: string;
}

/** The streams of CloudWatch Logs, as GetLogEvents reads them. */
export class LogStreams {
  readonly #streams = new Map<string, LogEvent[]>();
  readonly #group: string;
  readonly #pageSize: number;

  constructor(group: string, pageSize: number) {
    this.#group = group;
    this.#pageSize = pageSize;
  }

  write(stream: string, message: string): void {
    const events = this.#streams.get(stream) ?? [];
    events.push({ timestamp: Date.now(), message });
    this.#streams.set(stream, events);
  }

  /** The answer of GetLogEvents; undefined where there is no such group or stream. */
  page(request: { logGroupName?: string; logStreamName?: string; nextToken?: string }): object | undefined {
    const events = this.#streams.get(request.logStreamName ?? '');
    if (request.logGroupName !== this.#group || events === undefined) return undefined;
    const from = Number(request.nextToken?.replace(/^f\//, '') ?? 0);
    const page = events.slice(from, from + this.#pageSize);
    // A reader has reached the end where it gets the token back that it sent.
    return {
      events: page.map((event) => ({ ...event, ingestionTime: event.timestamp })),
      nextForwardToken: `f/${from + page.length}`,
      nextBackwardToken: `b/${from}`,
    };
  }
}
