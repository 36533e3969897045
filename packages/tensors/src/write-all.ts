import type { FileHandle } from 'node:fs/promises';

/**
 * Writes all bytes: one call may write fewer than it was given, and does where the disk fills up.
 * @param position bytes before them in the file. Default: where the file's last write ended.
 */
export async function writeAll(handle: FileHandle, bytes: Uint8Array, position?: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const at = position === undefined ? null : position + done;
    done += (await handle.write(bytes, done, bytes.length - done, at)).bytesWritten;
  }
}
