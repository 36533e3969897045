import type { Metafile } from 'esbuild';

/** The functions of the stack, with the modules of `functions/api` that they begin at. */
export const FUNCTIONS: Readonly<Record<string, string>>;
/** Bundles them into folders of their names below `out`; returns what esbuild read and wrote, by name. */
export function bundleFunctions(out: string): Promise<Record<string, Metafile>>;
