import { explainRefusal, type Subject } from './failures.ts';
import type { Transport } from './transport.ts';

/** The transport's `fetch` with every refusal turned into the error that explains it. */
export function explainingFetch(transport: Transport, subject: Omit<Subject, 'hubUrl'>): typeof fetch {
  return async (input, init) => {
    const response = await transport.fetch(input, init);
    if (response.ok) return response;
    const refusal = { status: response.status, headers: response.headers, body: await response.text() };
    throw explainRefusal(refusal, { hubUrl: transport.hubUrl, ...subject }, transport.options);
  };
}
