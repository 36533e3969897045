// Fetches a repository in a process of its own, which a test may kill. Prints every event, then the folder.
import { fetchModel, openModel } from '@hubfuse/hub';

const { repo, revision, options } = JSON.parse(process.argv[2]);
const print = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
print({ type: 'started' });
const hub = { ...options, onProgress: print };
const source = await openModel({ kind: 'hub', repo, revision }, hub);
print({ type: 'done', folder: await fetchModel(source, hub) });
