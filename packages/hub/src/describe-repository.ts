import { checkRepoId } from './addresses.ts';
import type { HubOptions } from './options.ts';
import { type PinnedRepository, pin } from './pin.ts';
import type { RepoType } from './source.ts';
import { createTransport } from './transport.ts';

/**
 * What a Hub says about a repository at a revision (default `main`), to whoever the token of the options belongs: its
 * present name, the commit, whether it is private or gated. Costs one request.
 * @throws HubError `hub/repo-not-found`, `hub/no-token`, `hub/private`, `hub/disabled`, `hub/revision-not-found`, or one of
 * the network's
 */
export async function describeRepository(
  repository: { type: RepoType; repo: string; revision?: string | undefined },
  options: HubOptions,
): Promise<PinnedRepository> {
  const { type, repo, revision } = repository;
  checkRepoId(repo);
  const reference = { kind: 'hub', repo, reference: repo, ...(revision === undefined ? {} : { revision }) } as const;
  return await pin({ transport: createTransport(options), type, reference });
}
