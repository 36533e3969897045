import { HubfuseError, ResourceError, RunError } from '@hubfuse/plugin';

const NO_SPACE = ['ENOSPC', 'EDQUOT', 'EFBIG'];
const NOT_ALLOWED = ['EACCES', 'EPERM', 'EROFS'];
const NOT_CREATED = ['ENOENT', 'ENOTDIR', 'EEXIST', 'ENAMETOOLONG'];
const TOO_MANY_FILES = ['EMFILE', 'ENFILE'];

/**
 * What the operating system refused, as an error that says so: a full disk or a folder that may not be written is no defect
 * of hubfuse, wherever it is met. Anything else is handed back as it is.
 */
export function explainSystemFailure(error: unknown): unknown {
  if (error instanceof HubfuseError || !(error instanceof Error)) return error;
  const { code, path, syscall, message } = error as NodeJS.ErrnoException;
  if (code === undefined || syscall === undefined) return error;
  // Where only a descriptor was at hand there is no path, and the message is all there is.
  const at = { where: path, cause: error };
  const what = path === undefined ? message : `${syscall}: ${code}`;
  if (NO_SPACE.includes(code)) {
    return new ResourceError({
      ...{ ...at, code: 'system/disk-full', message: `the disk is full (${what})` },
      hint: 'make room there, then run the same command again',
    });
  }
  if (NOT_ALLOWED.includes(code)) {
    return new RunError({
      ...{ ...at, code: 'system/not-allowed', message: `the system does not allow it (${what})` },
      hint: 'mend the permissions, or name a folder of your own (--out, HUBFUSE_HOME, HF_HOME)',
    });
  }
  if (TOO_MANY_FILES.includes(code)) {
    return new ResourceError({
      ...{ ...at, code: 'system/open-files', message: `too many files are open (${what})` },
      hint: 'raise the limit (ulimit -n), or use fewer --workers',
    });
  }
  if (syscall === 'mkdir' && NOT_CREATED.includes(code)) {
    return new RunError({
      ...{ ...at, code: 'system/no-folder', message: `the folder cannot be made (${what})` },
      hint: 'name a folder that can (--out, HUBFUSE_HOME, HF_HOME)',
    });
  }
  return error;
}
