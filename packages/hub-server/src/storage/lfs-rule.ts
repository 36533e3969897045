/** Files above this size go to Large File Storage whatever their name. */
export const MAX_REGULAR_BYTES = 10_000_000;

const LFS_ENDINGS = ['.bin', '.onnx', '.safetensors'];

/** The `.gitattributes` of a new repository: the rule by name, as git would read it. */
export const GIT_ATTRIBUTES = LFS_ENDINGS.map((ending) => `*${ending} filter=lfs diff=lfs merge=lfs -text\n`).join('');

/** Whether a file belongs into Large File Storage. */
export function isLargeFile({ path, size }: { path: string; size: number }): boolean {
  return size > MAX_REGULAR_BYTES || LFS_ENDINGS.some((ending) => path.endsWith(ending));
}
