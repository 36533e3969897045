/** What goes wrong with a request. */
export type FaultEffect =
  /** Answers at once with this status, e.g. 429 or 503. */
  | {
      kind: 'status';
      status: number;
      retryAfterSeconds?: number;
      rateLimit?: { remaining: number; resetSeconds: number };
    }
  /** Sends only the first bytes of the reply's body, then closes the connection. */
  | { kind: 'cut'; afterBytes: number }
  /** Inverts every bit of one byte of the reply's body. */
  | { kind: 'flip'; byte: number }
  /** Waits before the reply, and sends its body at most this fast. */
  | { kind: 'slow'; delayMs?: number; bytesPerSecond?: number }
  /** Closes the connection after this many bytes of the request's body arrived; the request is not carried out. */
  | { kind: 'cut-request'; afterBytes: number }
  /** Carries the request out, then closes the connection without a reply. */
  | { kind: 'lose-reply' };

/** A fault and the requests that it meets. */
export type Fault = FaultEffect & {
  /** Method that it is limited to. */
  method?: string;
  /** Regular expression that the path (with query) must match. Default: every path. */
  path?: string;
  /** Matching requests that pass unharmed first. Default: 0. */
  skip?: number;
  /** How many requests it meets after that. Default: 1. */
  times?: number;
};
