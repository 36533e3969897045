import { listFolder } from '@hubfuse/tensors';
import type { PinnedModel } from '../run-plan.ts';
import { ensembleIdentity, modelIdentity } from './model-identity.ts';
import type { ScoredModel } from './score-models.ts';

/** A model of the plan as it is scored. */
export async function inputModel(model: PinnedModel, folder: string, signal: AbortSignal): Promise<ScoredModel> {
  return {
    name: model.name,
    input: { folder, name: model.name },
    identity: await modelIdentity({ folder, files: model.files, signal }),
  };
}

/** A folder that was built here. Checksums of its weights, where they are known, spare reading them again. */
export async function builtModel(options: {
  name: string;
  folder: string;
  weights: readonly { path: string; sha256: string }[];
  signal: AbortSignal;
}): Promise<ScoredModel> {
  const { name, folder, weights, signal } = options;
  const known = new Map(weights.map(({ path, sha256 }) => [path, sha256]));
  const files = (await listFolder(folder)).map(({ path }) => {
    const sha256 = known.get(path);
    return sha256 === undefined ? { path } : { path, sha256 };
  });
  return { name, input: { folder, name }, identity: await modelIdentity({ folder, files, signal }) };
}

/** Several models that answer by the mean of their logits, and from three on also by majority; none is an ensemble. */
export function ensembleModel(name: string, members: readonly ScoredModel[]): ScoredModel {
  const input = { ensemble: members.flatMap(({ input }) => ('ensemble' in input ? input.ensemble : [input])) };
  const identities = members.map(({ identity }) => identity);
  // Of two models the first always decides.
  const majority: ScoredModel | undefined =
    members.length < 3
      ? undefined
      : {
          name: `${name}, majority`,
          input,
          identity: ensembleIdentity([...identities, 'majority, the earliest among equals']),
          answer: 'majority',
        };
  const identity = ensembleIdentity(identities);
  return { name, input, identity, members, ...(majority === undefined ? {} : { majority }) };
}
