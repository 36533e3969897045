/**
 * Starts the API with the dashboard on a free port of this machine, and executes its runs.
 * @param options `folder` holds everything; `token` is for the Hub.
 */
export function startExampleService(options: {
  hubUrl: string;
  folder: string;
  token?: string;
}): Promise<{ url: string; close(): Promise<void> }>;
