/** What the launchers read from the environment. Credentials and region are found by the SDK itself. */
export interface CloudEnvironment {
  /** `HUBFUSE_BATCH`: JSON that says which queues there are; the stack writes it. */
  batch: string | undefined;
  /** `AWS_REGION` or `AWS_DEFAULT_REGION`, for links to the console. */
  region: string | undefined;
  /** `HUBFUSE_JOBS`: JSON that says whose jobs of Hugging Face Jobs, and which image. */
  jobs: string | undefined;
  /** `HF_TOKEN` and `HF_ENDPOINT`, for jobs that are only looked at: a run that is submitted brings its own. */
  hubToken: string | undefined;
  hubUrl: string | undefined;
  /** The keys of the environment that open a store in S3, for a job that has no role of its own. */
  storeCredentials: Readonly<Record<string, string>>;
}

const STORE_CREDENTIALS = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'AWS_REGION'];

/** Reads the variables. An empty one counts as unset. */
export function readCloudEnvironment(
  variables: Readonly<Record<string, string | undefined>> = process.env,
): CloudEnvironment {
  const value = (name: string) => (variables[name] === '' ? undefined : variables[name]);
  const credentials = STORE_CREDENTIALS.map((name) => [name, value(name)]).filter(([, found]) => found !== undefined);
  return {
    batch: value('HUBFUSE_BATCH'),
    region: value('AWS_REGION') ?? value('AWS_DEFAULT_REGION'),
    jobs: value('HUBFUSE_JOBS'),
    hubToken: value('HF_TOKEN'),
    hubUrl: value('HF_ENDPOINT'),
    storeCredentials: Object.fromEntries(credentials) as Record<string, string>,
  };
}

/** The SDK warns on every start under Node.js 20, which hubfuse supports; whoever wants the warning sets the variable. */
export function hushSdk(): void {
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
}
