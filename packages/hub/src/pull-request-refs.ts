import { apiAddress } from './addresses.ts';
import { explainingFetch } from './explaining-fetch.ts';
import type { PublishTarget } from './publish-target.ts';
import type { Transport } from './transport.ts';

interface PullRequestRef {
  ref: string;
  targetCommit: string;
}

/** The pull requests of a repository, newest first. */
export async function pullRequestRefs(
  target: PublishTarget,
  transport: Transport,
): Promise<(PullRequestRef & { number: number })[]> {
  const { repo } = target.address;
  const response = await explainingFetch(transport, { type: 'model', repo })(
    `${apiAddress(target.address)}/refs?include_prs=1`,
  );
  const { pullRequests = [] } = (await response.json()) as { pullRequests?: PullRequestRef[] };
  return pullRequests
    .map((pull) => ({ ...pull, number: Number(/^refs\/pr\/(\d+)$/.exec(pull.ref)?.[1]) }))
    .filter(({ number }) => Number.isInteger(number))
    .sort((a, b) => b.number - a.number);
}
