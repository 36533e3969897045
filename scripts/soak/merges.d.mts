export interface MergeInChildOptions {
  recipe: object;
  out: string;
  workers?: number;
  memory?: number;
}

export interface MergeInChildResult {
  seconds: number;
  peakBytes: number;
  files: { path: string; size: number; sha256: string }[];
}

export function mergeInChild(options: MergeInChildOptions): Promise<MergeInChildResult>;
