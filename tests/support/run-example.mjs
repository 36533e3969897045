// What `npm start` runs, over a part of the data, with its state in the folder given.
import { runExample } from '../../scripts/example.mjs';

process.exit(await runExample(process.argv[2], { limit: 60 }));
