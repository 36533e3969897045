/** What the launchers read from the environment. Credentials and region are found by the SDK itself. */
export interface CloudEnvironment {
  /** `HUBFUSE_BATCH`: JSON that says which queues there are; the stack writes it. */
  batch: string | undefined;
  /** `AWS_REGION` or `AWS_DEFAULT_REGION`, for links to the console. */
  region: string | undefined;
}

/** Reads the variables. An empty one counts as unset. */
export function readCloudEnvironment(
  variables: Readonly<Record<string, string | undefined>> = process.env,
): CloudEnvironment {
  const value = (name: string) => (variables[name] === '' ? undefined : variables[name]);
  return { batch: value('HUBFUSE_BATCH'), region: value('AWS_REGION') ?? value('AWS_DEFAULT_REGION') };
}

/** The SDK warns on every start under Node.js 20, which hubfuse supports; whoever wants the warning sets the variable. */
export function hushSdk(): void {
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
}
