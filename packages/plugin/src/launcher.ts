/** Where a run executes. */
export interface Launcher {
  kind: 'launcher';
  /** `local`, later `aws-batch`, `hf-jobs`. */
  name: string;
  /** Starts the run of that id; resolves when it is under way, with a handle to name it by. */
  launch(run: string): Promise<string>;
}
