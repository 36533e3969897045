import type { ModelSource } from '@hubfuse/plugin';

export type RepoType = 'model' | 'dataset';

/** A repository on a Hub or a folder; what `parseModelReference` of `@hubfuse/recipe` yields fits. */
export type SourceReference = HubReference | FolderReference;

export interface HubReference {
  kind: 'hub';
  /** `namespace/name`, or a bare name of the oldest repositories (`gpt2`). */
  repo: string;
  /** Branch, tag, `refs/pr/N` or a commit. Default `main`. */
  revision?: string | undefined;
  /** The branch or tag that `revision`, a commit, was when it was pinned. Default: `revision`. */
  requestedRevision?: string | undefined;
  /** What the user wrote; default `repo@revision`. */
  reference?: string | undefined;
}

export interface FolderReference {
  kind: 'folder';
  /** Absolute, or relative to the working directory. */
  path: string;
  reference?: string | undefined;
}

/** A repository of a Hub, pinned to a commit. */
export interface HubSource extends ModelSource {
  kind: 'hub';
  type: RepoType;
  /** Address of its Hub. */
  hubUrl: string;
  /** 40 hexadecimal digits. */
  revision: string;
  /** The branch or tag that `revision` was when it was pinned; equal to `revision` where a commit was asked for. */
  requestedRevision: string;
  /** The name that was asked for, where the Hub knows the repository by another one now. */
  renamedFrom?: string;
  private: boolean;
  /** Whether terms must be accepted before files can be read. */
  gated: boolean;
  /** What the Hub derives from the card and files, where it says so. */
  tags: readonly string[];
  pipelineTag?: string;
  libraryName?: string;
}
