export interface GatheringPlaces {
  folder: string;
  data: string;
  path: string;
}

export interface Gathered {
  allowedBytes: number;
  plannedBytes: number;
  peakBytes: number;
  passes: number;
  workers: number;
  sha256: string;
}

export function noiseGathering(options: {
  root: string;
  model: { layers: number; hidden: number; inner: number; positions: number };
  texts: { count: number; sentences: number; mixed?: boolean };
}): Promise<GatheringPlaces>;

export function gatherInChild(
  options: GatheringPlaces & { kind: string; variant?: string; workers: number; share: number },
): Promise<Gathered>;
