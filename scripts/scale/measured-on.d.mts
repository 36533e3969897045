export interface MeasuredOn {
  host: string;
  processor: string;
  processors: number;
  memoryGib: number;
  node: string;
  sources: string;
}
export function measuredOn(): MeasuredOn;
export function differences(then: object, now: object): string[];
