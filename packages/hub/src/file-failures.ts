import { HubError, ResourceError } from '@hubfuse/plugin';

const NO_SPACE = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);
const NOT_WRITABLE = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOTDIR']);

/** What a failed file operation in the cache means; anything else is handed back as it is. */
export function explainFileFailure(failure: unknown, cacheDir: string): unknown {
  const { code, path } = failure as NodeJS.ErrnoException;
  if (NO_SPACE.has(code ?? '')) {
    return new ResourceError({
      code: 'hub/disk-full',
      where: path ?? cacheDir,
      message: `the disk of the cache is full (${code})`,
      hint: 'free some space or point HF_HUB_CACHE at a larger disk, then run again: what was transferred is kept',
      cause: failure,
    });
  }
  if (NOT_WRITABLE.has(code ?? '')) {
    return new HubError({
      code: 'hub/cache-not-writable',
      where: path ?? cacheDir,
      message: `the cache cannot be written (${code})`,
      hint: 'mend its permissions, or point HF_HUB_CACHE at a folder of your own',
      cause: failure,
    });
  }
  return failure;
}
