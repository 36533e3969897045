import { HubError } from '@hubfuse/plugin';
import { datasetInfo, modelInfo } from '@huggingface/hub';
import { pageAddress, type RepoAddress } from './addresses.ts';
import { explainingFetch } from './explaining-fetch.ts';
import type { HubReference, RepoType } from './source.ts';
import type { Transport } from './transport.ts';

/** What a Hub says about a repository at a revision. */
export interface PinnedRepository {
  /** Its present name. */
  name: string;
  sha: string;
  private: boolean;
  gated: boolean;
  tags: readonly string[];
  pipelineTag?: string | undefined;
  libraryName?: string | undefined;
}

/** The commit that a reference means now. */
export async function pin(input: {
  transport: Transport;
  type: RepoType;
  reference: HubReference;
}): Promise<PinnedRepository> {
  const { transport, type, reference } = input;
  const revision = reference.revision ?? 'main';
  const explained = explainingFetch(transport, { type, repo: reference.repo, revision });
  const common = { name: reference.repo, revision, hubUrl: transport.hubUrl, fetch: explained };
  try {
    const info =
      type === 'model'
        ? await modelInfo({ ...common, additionalFields: ['sha', 'tags', 'library_name', 'disabled'] })
        : { ...(await datasetInfo({ ...common, additionalFields: ['sha', 'tags', 'disabled'] })), task: undefined };
    if (info.disabled === true) throw disabled({ hubUrl: transport.hubUrl, type, repo: info.name });
    if (!/^[0-9a-f]{40}$/.test(info.sha)) {
      throw new HubError({
        code: 'hub/no-commit',
        where: pageAddress({ hubUrl: transport.hubUrl, type, repo: info.name }),
        message: `the Hub names no commit for ${info.name} at ${revision}`,
        hint: 'the repository may be empty',
      });
    }
    return {
      name: info.name,
      sha: info.sha,
      private: info.private,
      gated: info.gated !== false && info.gated !== undefined,
      tags: info.tags ?? [],
      pipelineTag: info.task,
      libraryName: 'library_name' in info ? info.library_name : undefined,
    };
  } catch (failure) {
    // A page in HTML, say, is what @huggingface/hub stumbles over.
    if (!(failure instanceof SyntaxError) && !(failure instanceof TypeError)) throw failure;
    throw new HubError({
      code: 'hub/bad-answer',
      where: transport.hubUrl,
      message: 'this address does not answer as a Hub does',
      hint: 'look for a typing error in it',
      cause: failure,
    });
  }
}

/**
 * A better reason where nothing of that name is there: a dataset may have been taken for a model, or the other way round.
 * Returns the failure itself where it is none of these.
 */
export async function explainMissing(input: {
  failure: unknown;
  transport: Transport;
  type: RepoType;
  reference: HubReference;
}): Promise<unknown> {
  const { failure, transport, type, reference } = input;
  if (!(failure instanceof HubError) || !['hub/repo-not-found', 'hub/no-token'].includes(failure.code)) return failure;
  for (const other of ['model', 'dataset', 'space'] as const) {
    if (other === type) continue;
    const response = await transport
      .fetch(`${transport.hubUrl}/api/${other}s/${reference.repo}`)
      .catch(() => undefined);
    if (response?.ok !== true) continue;
    return new HubError({
      code: `hub/not-a-${type}`,
      where: `${transport.hubUrl}/${other === 'model' ? '' : `${other}s/`}${reference.repo}`,
      message: `${reference.repo} is a ${other}, not a ${type}`,
      hint: type === 'model' ? 'name a model repository' : 'name a dataset repository',
    });
  }
  return failure;
}

function disabled(address: RepoAddress): HubError {
  return new HubError({
    code: 'hub/disabled',
    where: pageAddress(address),
    message: `${address.repo} was disabled by the Hub; nobody can read it`,
    hint: `see its page for the reason, and take another ${address.type}`,
  });
}
