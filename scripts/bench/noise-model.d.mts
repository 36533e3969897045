export function noiseModels(options: {
  root: string;
  bytes: number;
  count: number;
  every?: number;
  dtype?: 'BF16' | 'F16';
}): string[];
