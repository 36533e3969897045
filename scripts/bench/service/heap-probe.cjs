// Loaded into a server before it starts: at SIGUSR2 it collects garbage and writes what is left, as one JSON line.
const { appendFileSync } = require('node:fs');
const { setFlagsFromString } = require('node:v8');
const { runInNewContext } = require('node:vm');

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');
process.on('SIGUSR2', () => {
  const begun = performance.now();
  collect();
  const { heapUsed, external, rss } = process.memoryUsage();
  const line = { used: heapUsed + external, rss, milliseconds: performance.now() - begun };
  appendFileSync(process.env.HEAP_PROBE_FILE, `${JSON.stringify(line)}\n`);
});
