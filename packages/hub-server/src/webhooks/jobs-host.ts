/** A job as the API of Hugging Face Jobs shows it: names of secrets, and no values. */
export interface JobSpec {
  dockerImage?: string;
  command?: readonly string[];
  environment?: Readonly<Record<string, string>>;
  secrets?: readonly string[];
  flavor?: string;
  [field: string]: unknown;
}

/** What runs the jobs of webhooks: this server runs none by itself. */
export interface JobsHost {
  /** A job of an account by its id; undefined where it has none of that id. */
  describe(id: string, account: string): Promise<JobSpec | undefined>;
  /**
   * Starts a job like an earlier one, its secrets included, with these variables besides.
   * @returns the new job's id
   */
  startLike(id: string, variables: Readonly<Record<string, string>>): Promise<string>;
}
