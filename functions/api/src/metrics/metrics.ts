/** Upper bounds of the histogram of answer times, in seconds. */
const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

interface Series {
  count: number;
  seconds: number;
  /** Answers within each bound. */
  within: number[];
}

/** Figures of this process in Prometheus' text format. */
export class Metrics {
  readonly #requests = new Map<string, number>();
  readonly #times = new Map<string, Series>();
  /** What was counted before, by what it is, with its labels. */
  readonly #labels = new Map<string, { counted: string; timed: string }>();
  readonly #gauges: { name: string; help: string; read: () => Promise<Readonly<Record<string, number>>> }[] = [];

  /** @param route The documented path, not the one asked for, of which there are any number. */
  count(request: { method: string; route: string; status: number; seconds: number }): void {
    const { method, route, status, seconds } = request;
    const { counted, timed } = this.#labelsOf({ method, route, status });
    this.#requests.set(counted, (this.#requests.get(counted) ?? 0) + 1);
    const series = this.#times.get(timed) ?? { count: 0, seconds: 0, within: BOUNDS.map(() => 0) };
    series.count++;
    series.seconds += seconds;
    for (let index = BOUNDS.length - 1; index >= 0 && seconds <= (BOUNDS[index] ?? 0); index--) {
      series.within[index] = (series.within[index] ?? 0) + 1;
    }
    this.#times.set(timed, series);
  }

  #labelsOf({ method, route, status }: { method: string; route: string; status: number }) {
    const what = `${method} ${status} ${route}`;
    const known = this.#labels.get(what);
    if (known !== undefined) return known;
    const made = { counted: labels({ method, route, status: String(status) }), timed: labels({ method, route }) };
    this.#labels.set(what, made);
    return made;
  }

  /** Adds figures that are read when they are asked for: by the text of their labels, which may be empty. */
  gauge(name: string, help: string, read: () => Promise<Readonly<Record<string, number>>>): void {
    this.#gauges.push({ name, help, read });
  }

  async render(): Promise<string> {
    const lines = [
      '# HELP hubfuse_http_requests_total Requests that were answered.',
      '# TYPE hubfuse_http_requests_total counter',
      ...[...this.#requests].map(([text, value]) => `hubfuse_http_requests_total{${text}} ${value}`),
      '# HELP hubfuse_http_request_duration_seconds Seconds until a request was answered; of a stream, until it began.',
      '# TYPE hubfuse_http_request_duration_seconds histogram',
      ...[...this.#times].flatMap(([text, series]) => histogram(text, series)),
    ];
    for (const { name, help, read } of this.#gauges) {
      lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} gauge`);
      for (const [text, value] of Object.entries(await read()))
        lines.push(`${name}${text === '' ? '' : `{${text}}`} ${value}`);
    }
    return `${lines.join('\n')}\n`;
  }
}

function histogram(text: string, { count, seconds, within }: Series): string[] {
  const name = 'hubfuse_http_request_duration_seconds';
  return [
    ...BOUNDS.map((bound, index) => `${name}_bucket{${text},le="${bound}"} ${within[index] ?? 0}`),
    `${name}_bucket{${text},le="+Inf"} ${count}`,
    `${name}_sum{${text}} ${seconds}`,
    `${name}_count{${text}} ${count}`,
  ];
}

/** Labels as the format writes them. */
export function labels(values: Readonly<Record<string, string>>): string {
  const quoted = (value: string) => value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
  return Object.entries(values)
    .map(([name, value]) => `${name}="${quoted(value)}"`)
    .join(',');
}
