// Publishes a folder in a process of its own, which a test may kill. Prints every event, then result and peak memory.
import { publishFolder } from '@hubfuse/hub';
import { peakMemory } from '../../../scripts/soak/peak-memory.mjs';

const request = JSON.parse(process.argv[2]);
const print = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
print({ type: 'started' });
const result = await publishFolder({ ...request, options: { ...request.options, onProgress: print } });
print({ type: 'done', result, peakBytes: peakMemory() });
