import { HubError } from '@hubfuse/plugin';
import { type CommitOperation, type CommitOutput, commitIter } from '@huggingface/hub';
import { explainingFetch } from './explaining-fetch.ts';
import { explainRefusal } from './failures.ts';
import type { ManifestOutput } from './manifest.ts';
import { LOST_ANSWER } from './post-once.ts';
import { outputChanged } from './publication.ts';
import type { PublishTarget } from './publish-target.ts';
import { showAddress } from './token.ts';
import { withRetry } from './transient.ts';
import type { Transport } from './transport.ts';

/** The branch has another head than the commit was made for. */
export class ParentMoved extends Error {}

export interface CommitRequest {
  target: PublishTarget;
  as: 'commit' | 'pull_request';
  /** The head that the branch must still have. */
  parent: string;
  title: string;
  description: string;
  operations: CommitOperation[];
  /** What large files must hash to. */
  outputs: readonly ManifestOutput[];
  xet: boolean;
  /** Looks for what a request whose answer was lost did all the same. */
  recognise(): Promise<CommitOutput | undefined>;
  transport: Transport;
}

/**
 * Uploads and makes one commit or pull request. The library hashes and sends; what it lacks is in the `fetch` that it is
 * given: memory, retries, time-outs. Of all requests the last alone must not be repeated blindly: where its answer is
 * lost, what the Hub holds decides.
 * @throws ParentMoved where somebody else committed meanwhile
 */
export async function commitOnce(request: CommitRequest): Promise<CommitOutput> {
  const { target, as, transport } = request;
  const { options } = transport;
  const { repo } = target.address;
  const progress = commitIter({
    repo: { type: 'model', name: repo },
    branch: target.branch,
    title: request.title,
    description: request.description,
    operations: request.operations,
    parentCommit: request.parent,
    isPullRequest: as === 'pull_request',
    useXet: request.xet,
    hubUrl: transport.hubUrl,
    fetch: commitFetch(request),
    ...(options.signal === undefined ? {} : { abortSignal: options.signal }),
  });
  const shown = new Map<string, number>();
  for (;;) {
    const step = await nextStep(progress, transport);
    if (step.done === true) {
      if (step.value !== undefined) return step.value;
      throw new HubError({ code: 'hub/bad-answer', where: repo, message: 'the Hub did not name the commit' });
    }
    const event = step.value;
    if (event.event !== 'fileProgress' || event.state === 'error') continue;
    const { path, state } = event;
    // Hashing reports every 64 KiB.
    const percent = Math.floor(event.progress * 100);
    if (shown.get(`${state} ${path}`) === percent) continue;
    shown.set(`${state} ${path}`, percent);
    options.onProgress?.({ type: 'upload', repo, path, progress: event.progress, state });
  }
}

async function nextStep(progress: ReturnType<typeof commitIter>, transport: Transport) {
  try {
    return await progress.next();
  } catch (failure) {
    transport.options.signal?.throwIfAborted();
    throw failure;
  }
}

function commitFetch(request: CommitRequest): typeof fetch {
  const { target, transport } = request;
  const { repo } = target.address;
  const explained = explainingFetch(transport, { type: 'model', repo, action: 'publish to' });
  return async (input, init) => {
    const address = String(input);
    if (new URL(address).pathname.includes(`/${repo}/commit/`)) return await postCommit(request, address, init ?? {});
    if (init?.method !== 'PUT') return await explained(input, init);
    const response = await transport.fetch(input, init);
    if (response.ok) return response;
    throw new HubError({
      code: 'hub/upload-refused',
      where: showAddress(address),
      message: `the storage answered ${response.status} to an upload for ${repo}`,
      hint: 'its address may have expired: run again, what was uploaded is kept',
    });
  };
}

async function postCommit(request: CommitRequest, address: string, init: RequestInit): Promise<Response> {
  const { transport, target } = request;
  checkChecksums(request, String(init.body));
  const recognised = async () => {
    const earlier = await request.recognise();
    if (earlier === undefined) return undefined;
    const { commit, pullRequestUrl } = earlier;
    return Response.json({ commitOid: commit.oid, commitUrl: commit.url, pullRequestUrl });
  };
  try {
    return await withRetry({
      request: `POST ${showAddress(address)}`,
      options: transport.options,
      clock: transport.clock,
      attempt: async (number) => {
        const earlier = number > 1 ? await recognised() : undefined;
        return earlier ?? (await post({ transport, target, address, init }));
      },
    });
  } catch (failure) {
    if (!(failure instanceof HubError) || !LOST_ANSWER.has(failure.code)) throw failure;
    const earlier = await recognised();
    if (earlier === undefined) throw failure;
    return earlier;
  }
}

async function post(input: {
  transport: Transport;
  target: PublishTarget;
  address: string;
  init: RequestInit;
}): Promise<Response> {
  const { transport, target, address, init } = input;
  const { response, body } = await transport.open(address, init);
  const pieces: Uint8Array[] = [];
  for await (const piece of body) pieces.push(piece);
  const bytes = Buffer.concat(pieces);
  if (response.status === 412 || response.status === 409) throw new ParentMoved();
  if (response.ok) return new Response(bytes, { status: response.status, headers: response.headers });
  const refusal = { status: response.status, headers: response.headers, body: bytes.toString('utf8') };
  throw explainRefusal(refusal, { ...target.address, action: 'publish to' }, transport.options);
}

/** The last look before the commit: what was hashed on the way out must be what the manifest says. */
function checkChecksums({ outputs, target }: CommitRequest, body: string): void {
  const expected = new Map(outputs.map(({ path, sha256 }) => [path, sha256]));
  for (const line of body.split('\n')) {
    if (!line.startsWith('{"key":"lfsFile"')) continue;
    const { value } = JSON.parse(line) as { value: { path: string; oid: string } };
    const sha256 = expected.get(value.path);
    if (sha256 !== undefined && sha256 !== value.oid) throw outputChanged(value.path, target.address.repo);
  }
}
