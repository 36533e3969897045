// The model behind `npm run simulate:scale`, as docs/scale.md describes it: nothing here measures or reads anything.

const GB = 1e9;

/**
 * @typedef {{name: string, vcpus: number, network: number, startSeconds: number, usdPerHour: number}} Machine
 * @typedef {{children: number, waitSeconds: number, runSeconds: number, secondsPerChild: number, secondsPerGbFetched: number, secondsPerGb: number, processors: number}} DoubleRun
 */

/**
 * Seconds of a run whose children are processes of one machine and share its processors, as on the Batch double: what is waited for,
 * and the processor seconds of all of them. A child costs some before it helps, and fetches the whole files that its part touches: of
 * models of one file, all of them.
 * @param {DoubleRun & {gb: number}} run
 */
export function secondsOnOneMachine(run) {
  const { children, gb, waitSeconds, runSeconds, secondsPerChild, secondsPerGbFetched, secondsPerGb, processors } = run;
  const processor = runSeconds + children * secondsPerChild + children * gb * secondsPerGbFetched + gb * secondsPerGb;
  return waitSeconds + processor / Math.min(processors, children);
}

/**
 * The constants of `secondsOnOneMachine` from four runs: two numbers of children, no fewer than the processors, on each of two sizes.
 * Processor seconds are measured, and what is left of the clock was waited for.
 * @typedef {{children: number, gb: number, seconds: number, processorSeconds: number}} MeasuredRun
 * @param {{few: MeasuredRun, many: MeasuredRun, fewLarge: MeasuredRun, manyLarge: MeasuredRun, processors: number}} runs
 */
export function fitOneMachine({ few, many, fewLarge, manyLarge, processors }) {
  const all = [few, many, fewLarge, manyLarge];
  for (const { children } of all) {
    if (children < processors) throw new RangeError(`${children} children do not fill ${processors} processors`);
  }
  // For one size, processor seconds = (run + gb w) + children (c + gb f): a line over the number of children.
  const line = (/** @type {MeasuredRun} */ one, /** @type {MeasuredRun} */ other) => {
    const each = (other.processorSeconds - one.processorSeconds) / (other.children - one.children);
    return { each, alone: one.processorSeconds - one.children * each };
  };
  const [small, large] = [line(few, many), line(fewLarge, manyLarge)];
  const between = fewLarge.gb - few.gb;
  const secondsPerGbFetched = (large.each - small.each) / between;
  const secondsPerGb = (large.alone - small.alone) / between;
  const waited = all.map((run) => run.seconds - run.processorSeconds / processors);
  return {
    waitSeconds: waited.reduce((sum, one) => sum + one, 0) / waited.length,
    runSeconds: small.alone - few.gb * secondsPerGb,
    secondsPerChild: small.each - few.gb * secondsPerGbFetched,
    secondsPerGbFetched,
    secondsPerGb,
    processors,
  };
}

/** Bytes of the files that a share of a model touches, whole files each. */
export function bytesOfShare({ bytes, fileBytes, children, index }) {
  const [from, to] = [(bytes * index) / children, (bytes * (index + 1)) / children];
  const [first, last] = [Math.floor(from / fileBytes), Math.ceil(to / fileBytes)];
  return Math.min(bytes, last * fileBytes) - first * fileBytes;
}

/**
 * A merge whose parts are shared by machines: each fetches the files that its part reads, merges and writes it into the store; the
 * first puts the parts together and publishes them.
 * @param {{parameters: number, models: number, bytesPerParameter: number, fileBytes: number, children: number, machine: Machine, processorSecondsPerGb: number, writingSecondsPerGb: number, usdPerGbSent: number}} merge
 */
export function simulateSharedMerge(merge) {
  const { parameters, models, bytesPerParameter, fileBytes, children, machine } = merge;
  const output = parameters * bytesPerParameter;
  const shares = Array.from(
    { length: children },
    (_, index) => models * bytesOfShare({ bytes: output, fileBytes, children, index }),
  );
  const most = Math.max(...shares);
  const part = output / children;
  const seconds = {
    start: machine.startSeconds,
    fetch: most / machine.network,
    merge: ((models * part) / GB) * (merge.processorSecondsPerGb / machine.vcpus),
    store: part / machine.network,
    gather: output / machine.network + (output / GB) * merge.writingSecondsPerGb,
    publish: output / machine.network,
  };
  const shared = seconds.start + seconds.fetch + seconds.merge + seconds.store;
  const alone = seconds.gather + seconds.publish;
  const moved = {
    fromHub: shares.reduce((sum, bytes) => sum + bytes, 0),
    toStore: output,
    fromStore: output,
    toHub: output,
  };
  const machineSeconds = children * shared + alone;
  const usd = (machineSeconds / 3600) * machine.usdPerHour + (moved.toHub / GB) * merge.usdPerGbSent;
  const longest = Object.entries(seconds).reduce((a, b) => (b[1] > a[1] ? b : a));
  return { seconds, total: shared + alone, machineSeconds, usd, moved, bottleneck: longest[0] };
}

/**
 * What one child costs that is lost in the middle of its work: whoever takes its part over notices by the lease, fetches the files
 * again, and merges the half of it that was not written.
 * @param {Parameters<typeof simulateSharedMerge>[0] & {leaseSeconds: number, partsPerChild: number}} merge
 */
export function costOfLostChild(merge) {
  const { seconds } = simulateSharedMerge(merge);
  const parts = merge.partsPerChild;
  const again = merge.leaseSeconds + seconds.fetch + (seconds.merge + seconds.store) / parts;
  const { models, parameters, bytesPerParameter, fileBytes, children, machine } = merge;
  const bytes = models * bytesOfShare({ bytes: parameters * bytesPerParameter, fileBytes, children, index: 0 });
  return { seconds: again, bytes, usd: (again / 3600) * machine.usdPerHour };
}

/**
 * A population whose candidates are built and scored by machines that keep all parents: in each generation every machine takes
 * its share of the candidates.
 * @param {{population: number, machines: number, generations: number, parameters: number, bytesPerParameter: number, tokens: number, matrixShare: number, racedShare: number, machine: Machine, processorSecondsPerGb: number, secondsPerGflop: number}} search
 */
export function simulatePopulation(search) {
  const { population, machines, generations, parameters, bytesPerParameter, machine } = search;
  const bytes = parameters * bytesPerParameter;
  const rounds = Math.ceil(population / machines);
  const build = ((2 * bytes) / GB) * (search.processorSecondsPerGb / machine.vcpus);
  const operations = 2 * parameters * search.matrixShare * search.tokens;
  const score = ((operations / GB) * search.secondsPerGflop * search.racedShare) / machine.vcpus;
  const seconds = {
    start: machine.startSeconds,
    fetch: (population * bytes) / machine.network,
    build: generations * rounds * build,
    score: generations * rounds * score,
  };
  const total = seconds.start + seconds.fetch + seconds.build + seconds.score;
  const again = machine.startSeconds + seconds.fetch + build + score;
  const longest = Object.entries(seconds).reduce((a, b) => (b[1] > a[1] ? b : a));
  return {
    ...{ seconds, total, machineSeconds: machines * total, usd: ((machines * total) / 3600) * machine.usdPerHour },
    moved: { fromHub: machines * population * bytes },
    bottleneck: longest[0],
    /** One machine that is lost: another comes, fetches all parents, and does its candidate again. */
    lost: { seconds: again, bytes: population * bytes, usd: (again / 3600) * machine.usdPerHour },
  };
}
