/** Whether no process of this machine has this number. A process that may not be asked is there. */
export function isProcessGone(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}
