export const EXAMPLE_MODELS: readonly string[];
/** @param root the Hub's folder */
export function importExamples(root: string): Promise<void>;
