/** What is published: a verified folder and what is known about it. */
export interface Publication {
  folder: string;
  /** Paths below `folder`, with forward slashes; `hubfuse.json` and the card are in the folder beside them. */
  files: readonly { path: string; size: number; sha256: string }[];
  /** Target as the recipe's `publish.<name>` block gives it. */
  target: Readonly<Record<string, unknown>>;
  title: string;
  description: string;
  /** Content of `hubfuse.json`: the `Manifest` of `@hubfuse/hub`; this floor only carries it. */
  manifest: object;
}

/** What a publisher works with beside the content. */
export interface PublishContext {
  /**
   * Names this attempt across restarts (the run's id): a publisher that finds what was published under it before
   * reports that with `already` instead of publishing again.
   */
  attempt: string;
  /**
   * Names this publication of this content alone. It stands in the run's store before the target is asked for anything: a
   * publisher that cannot write conditionally leaves it with what it makes, looks for it, and withdraws what was made twice.
   */
  intent?: string | undefined;
  /** Aborted where the run is to stop. */
  signal: AbortSignal;
  /** Access to the Hub: the `HubOptions` of `@hubfuse/hub`; this floor only carries it. */
  hub: object;
  /**
   * Awaited before everything that changes the target; throws where this process no longer owns the run. The built-in access
   * to the Hub does so by itself.
   */
  confirm?: (() => Promise<void>) | undefined;
  /** Says how far it is. */
  progress(progress: { label: string; done: number; total: number; unit: 'bytes' | 'steps' }): void;
}

export interface PublishedAt {
  url: string;
  /** Commit, etag or version of what was published. */
  revision: string;
  /** True where an earlier attempt had published the same content already. */
  already: boolean;
  /** Where a place can be asked to take it instead of being written to. */
  as?: 'commit' | 'pull_request';
}

/** Puts a finished model somewhere, once. One file per place. */
export interface Publisher {
  kind: 'publisher';
  /** The key under `publish:` of a recipe. */
  name: string;
  /** JSON Schema of its block in a recipe. Absent: any mapping. */
  targetSchema?: Readonly<Record<string, unknown>>;
  /**
   * Refuses what cannot be published to, before anything is downloaded: settings that are missing or wrong, a
   * credential that is not there. Publishes nothing.
   */
  check?(target: Publication['target'], context: Pick<PublishContext, 'signal' | 'hub'>): Promise<void>;
  /** Publishes everything or nothing. It may be killed anywhere and is then called again with the same `attempt`. */
  publish(publication: Publication, context: PublishContext): Promise<PublishedAt>;
}
