import { HubError } from '@hubfuse/plugin';
import { explainRefusal, type Subject } from './failures.ts';
import { MAX_REDIRECTS } from './follow-redirects.ts';
import { TransientFailure } from './transient.ts';
import type { OpenResponse, Transport } from './transport.ts';

/**
 * Where a file's bytes are now. A Hub redirects to signed storage addresses; asking it again for every range would use up
 * the budget of requests that it grants, so the address is kept until the storage refuses it.
 */
export class FileLocation {
  readonly #transport: Transport;
  readonly #subject: Subject;
  readonly #first: string;
  #current: string;

  constructor(transport: Transport, subject: Subject, address: string) {
    this.#transport = transport;
    this.#subject = subject;
    this.#first = address;
    this.#current = address;
  }

  /**
   * One attempt to read from there.
   * @throws TransientFailure also where a storage address has expired: the next attempt asks the Hub again
   */
  async open(headers: Record<string, string>): Promise<OpenResponse> {
    for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
      const from = this.#current;
      const opened = await this.#transport.open(from, { headers, redirect: 'manual' });
      const { response } = opened;
      if (response.ok) return opened;
      const location = response.headers.get('location');
      if (response.status >= 300 && response.status < 400 && location !== null) {
        opened.close();
        // Another range may have gone further meanwhile.
        if (this.#current === from) this.#current = new URL(location, from).href;
        continue;
      }
      const refusal = { status: response.status, headers: response.headers, body: await textOf(opened) };
      const final = explainRefusal(refusal, this.#subject, this.#transport.options);
      if (from === this.#first) throw final;
      this.#current = this.#first;
      throw new TransientFailure({ reason: `the storage answered ${response.status}`, final });
    }
    throw new HubError({
      code: 'hub/redirects',
      where: this.#subject.repo,
      message: `the Hub redirects "${this.#subject.path ?? ''}" more than ${MAX_REDIRECTS} times`,
    });
  }
}

async function textOf({ body }: OpenResponse): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const piece of body) pieces.push(piece);
  return Buffer.concat(pieces).toString('utf8');
}
