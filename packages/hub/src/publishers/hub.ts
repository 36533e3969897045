import type { Publication, PublishContext, Publisher } from '@hubfuse/plugin';
import type { HubEvent } from '../events.ts';
import type { Manifest } from '../manifest.ts';
import type { HubOptions } from '../options.ts';
import { publishFolder } from '../publish-folder.ts';
import { requirePublishable } from '../require-publishable.ts';

/** `publish.hub` of a recipe, checked and complete. */
type HubTarget = {
  repo: string;
  as?: 'commit' | 'pull_request';
  branch?: string;
  private?: boolean;
};

type HubPublication = Publication & { target: HubTarget; manifest: Manifest };
type HubContext = PublishContext & { hub: HubOptions };

/** A model repository of the Hub. */
const hub: Publisher = {
  kind: 'publisher',
  name: 'hub',

  /** Hours of work would be lost where a publication could not be made at their end. */
  async check({ repo }: HubTarget, context: Pick<HubContext, 'signal' | 'hub'>) {
    await requirePublishable(repo, { ...context.hub, signal: context.signal });
  },

  async publish({ target, folder, files, title, description, manifest }: HubPublication, context: HubContext) {
    const { url, revision, already, as } = await publishFolder({
      ...{ folder, title, description, manifest },
      repo: target.repo,
      as: target.as,
      branch: target.branch,
      // A repository that exists keeps its visibility; only a wish for privacy is one.
      private: target.private ? true : undefined,
      attempt: context.attempt,
      intent: context.intent,
      options: { ...context.hub, signal: context.signal, onProgress: uploadProgress(files, context) },
    });
    return { url, revision, already, as };
  },
};

/** Several files are hashed, then sent, side by side: each state is one piece of work, counted in bytes of all files. */
function uploadProgress(files: Publication['files'], context: HubContext): (event: HubEvent) => void {
  const sizes = new Map(files.map(({ path, size }) => [path, size]));
  const total = files.reduce((sum, { size }) => sum + size, 0);
  const done = { hashing: new Map<string, number>(), uploading: new Map<string, number>() };
  return (event) => {
    context.hub.onProgress?.(event);
    if (event.type !== 'upload') return;
    const { state, path, progress } = event;
    done[state].set(path, progress * (sizes.get(path) ?? 0));
    const bytes = Math.round([...done[state].values()].reduce((sum, part) => sum + part, 0));
    context.progress({ label: `${state} ${path}`, done: bytes, total, unit: 'bytes' });
  };
}

export default hub;
