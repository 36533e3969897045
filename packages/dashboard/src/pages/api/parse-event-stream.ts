/** One message of an event stream. */
export interface StreamMessage {
  /** Absent: `message`. */
  event?: string;
  data: string;
  id?: string;
}

/** Reads server-sent events from pieces of text that may end anywhere, as the standard says. */
export class EventStreamParser {
  #rest = '';
  #event: string | undefined;
  #id: string | undefined;
  #data: string[] = [];

  /** The messages that end in this piece. Comments, which keep a connection alive, are none. */
  push(piece: string): StreamMessage[] {
    const messages: StreamMessage[] = [];
    // A carriage return at the end may be the first half of a line's end.
    const text = this.#rest + piece;
    const lines = text.split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line === '') {
        if (this.#data.length > 0) messages.push(this.#message());
        this.#event = undefined;
        this.#data = [];
      } else this.#field(line);
    }
    return messages;
  }

  #field(line: string): void {
    const colon = line.indexOf(':');
    if (colon === 0) return;
    const name = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (name === 'data') this.#data.push(value);
    else if (name === 'event') this.#event = value;
    else if (name === 'id' && !value.includes('\0')) this.#id = value;
  }

  #message(): StreamMessage {
    return {
      data: this.#data.join('\n'),
      ...(this.#event === undefined ? {} : { event: this.#event }),
      ...(this.#id === undefined ? {} : { id: this.#id }),
    };
  }
}
