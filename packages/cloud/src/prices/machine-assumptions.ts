/**
 * What was never measured, because no run has been on a rented machine yet: bytes per second from and to the Hub, and seconds that
 * are paid before a worker does anything. Estimates say that they rest on this.
 */
export const CLOUD_NETWORK = 300e6;
export const BATCH_START_SECONDS = 180;
export const JOBS_START_SECONDS = 60;
