/** Why it cannot be had here; undefined where it can. Fetches and unpacks the packages into `folder` once. */
export function prepare(folder: string): string | undefined;
/** Variables of a process that is to find it. */
export function variables(folder: string): Record<string, string>;
