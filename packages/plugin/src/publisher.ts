/** What is published: a verified folder and what is known about it. */
export interface Publication {
  folder: string;
  /** Target as the recipe's `publish.<name>` block gives it. */
  target: Readonly<Record<string, unknown>>;
  title: string;
  description: string;
}

export interface PublishedAt {
  url: string;
  /** Commit, etag or version of what was published. */
  revision: string;
  /** True where an earlier attempt had published the same content already. */
  already: boolean;
}

/** Puts a finished model somewhere, once. `name` is the key under `publish:` of a recipe. */
export interface Publisher {
  kind: 'publisher';
  name: string;
  publish(publication: Publication, context: unknown): Promise<PublishedAt>;
}
