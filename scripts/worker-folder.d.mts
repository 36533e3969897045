/** Variants of the worker's image. */
export const VARIANTS: readonly string[];
/** The user that the image runs as. */
export const UID: number;
/** Fills a folder with a root file system in which a worker runs. */
export function fillWorkerFolder(options: { out: string; variant?: string; node?: string; libraries?: string }): void;
