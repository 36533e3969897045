/** The environment variables that choose what the suites in this folder compare with; empty ones count as unset. */
export const environment = {
  /** A folder of golden files laid out as `tests/golden`; default: that folder. */
  golden: process.env.HUBFUSE_GOLDEN || undefined,
  /** A folder of model families laid out as the zoo; default: the family that the examples use. */
  zoo: process.env.HUBFUSE_ZOO || undefined,
  /** Address of a store in a real S3. */
  s3: process.env.HUBFUSE_S3 || undefined,
  /** Set by `npm run simulate:scale`: the file that the seconds of runs over the Batch double go into. */
  scale: process.env.HUBFUSE_SCALE || undefined,
  /** Set by `npm run soak`: how often what is killed at random is killed. */
  kills: process.env.HUBFUSE_KILLS ? Number(process.env.HUBFUSE_KILLS) : undefined,
  /** Set to 1: scoring on a graphics card of software is tested. */
  lavapipe: process.env.HUBFUSE_LAVAPIPE || undefined,
  /** Set by `npm run soak`: everything in full. */
  soak: process.env.HUBFUSE_SOAK || undefined,
};
