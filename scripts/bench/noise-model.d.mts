export function noiseModels(options: { root: string; bytes: number; count: number; every?: number }): string[];
