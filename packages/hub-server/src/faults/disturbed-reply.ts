import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/*
 * Each function changes how one reply leaves this process, by putting itself before `write` and `end` of the reply.
 * Status and headers stay as they are, so that a client sees what it would see with a broken line or a broken disk.
 */

type Done = ((error?: Error | null) => void) | undefined;

interface Outlet {
  write(chunk: Buffer, done: Done): boolean;
  end(chunk: Buffer | undefined, done: Done): void;
}

/** Sends the body through `outlet`; `straight` reaches the client. */
function divert(outgoing: ServerResponse, makeOutlet: (straight: Outlet) => Outlet): void {
  const write = outgoing.write.bind(outgoing);
  const end = outgoing.end.bind(outgoing);
  const outlet = makeOutlet({
    write: (chunk, done) => (done === undefined ? write(chunk) : write(chunk, done)),
    end: (chunk, done) => {
      if (chunk === undefined) end(done);
      else end(chunk, done);
    },
  });
  outgoing.write = ((chunk: unknown, encoding?: unknown, done?: unknown) =>
    outlet.write(toBuffer(chunk, encoding), callback(encoding, done))) as ServerResponse['write'];
  outgoing.end = ((chunk?: unknown, encoding?: unknown, done?: unknown) => {
    const empty = chunk === undefined || chunk === null || typeof chunk === 'function';
    outlet.end(empty ? undefined : toBuffer(chunk, encoding), callback(chunk, encoding, done));
    return outgoing;
  }) as ServerResponse['end'];
}

function toBuffer(chunk: unknown, encoding: unknown): Buffer {
  if (typeof chunk !== 'string') return Buffer.from(chunk as Uint8Array);
  return Buffer.from(chunk, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8');
}

function callback(...candidates: unknown[]): Done {
  return candidates.find((candidate): candidate is NonNullable<Done> => typeof candidate === 'function');
}

/** Sends the first bytes of the body and closes the connection in the middle. */
export function sendOnly(outgoing: ServerResponse, afterBytes: number): void {
  let left = afterBytes;
  divert(outgoing, (straight) => {
    const send = (chunk: Buffer): boolean => {
      const part = chunk.subarray(0, left);
      left -= part.length;
      if (left > 0) return straight.write(part, undefined);
      // An empty write would not be called back: then headers go out and the connection ends with them.
      if (part.length === 0) {
        outgoing.flushHeaders();
        setImmediate(() => outgoing.destroy());
      } else straight.write(part, () => outgoing.destroy());
      return false;
    };
    return {
      write: send,
      end: (chunk, done) => {
        if (chunk !== undefined) send(chunk);
        if (left > 0) straight.end(undefined, done);
      },
    };
  });
}

/** Inverts one byte of the body. */
export function flipByte(outgoing: ServerResponse, byte: number): void {
  let position = 0;
  const flip = (chunk: Buffer): Buffer => {
    const index = byte - position;
    position += chunk.length;
    if (index < 0 || index >= chunk.length) return chunk;
    const copy = Buffer.from(chunk);
    copy.writeUInt8(copy.readUInt8(index) ^ 0xff, index);
    return copy;
  };
  divert(outgoing, (straight) => ({
    write: (chunk, done) => straight.write(flip(chunk), done),
    end: (chunk, done) => straight.end(chunk === undefined ? undefined : flip(chunk), done),
  }));
}

/** Pieces per second that a slow body comes in. */
const PIECES_PER_SECOND = 10;

/** Waits first, then lets the body out at a limited rate. */
export function slowDown(
  outgoing: ServerResponse,
  { delayMs, bytesPerSecond }: { delayMs: number; bytesPerSecond: number | undefined },
): void {
  const piece = Math.max(1, Math.floor((bytesPerSecond ?? Number.POSITIVE_INFINITY) / PIECES_PER_SECOND));
  let queue: Promise<unknown> = wait(delayMs);
  divert(outgoing, (straight) => {
    const trickle = async (chunk: Buffer) => {
      for (let start = 0; start < chunk.length && !outgoing.destroyed; start += piece) {
        if (bytesPerSecond !== undefined) await wait(1000 / PIECES_PER_SECOND);
        straight.write(chunk.subarray(start, start + piece), undefined);
      }
    };
    return {
      write: (chunk, done) => {
        queue = queue
          .then(() => trickle(chunk))
          .then(() => {
            done?.();
            outgoing.emit('drain');
          });
        return false;
      },
      end: (chunk, done) => {
        queue = queue
          .then(() => (chunk === undefined ? undefined : trickle(chunk)))
          .then(() => straight.end(undefined, done));
      },
    };
  });
}

/** A pause that does not keep the process alive. */
function wait(milliseconds: number): Promise<void> {
  return sleep(milliseconds, undefined, { ref: false });
}

/** Carries everything out and lets nothing reach the client. */
export function loseReply(outgoing: ServerResponse): void {
  divert(outgoing, () => ({
    write: (_chunk, done) => {
      if (done !== undefined) setImmediate(done);
      return true;
    },
    end: () => outgoing.destroy(),
  }));
}
