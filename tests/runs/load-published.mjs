// Loads a published model by its id in transformers.js as anybody would, and prints what it says about some texts.
// Arguments: address of the Hub, id, folder for the cache, texts as JSON.
import { env, pipeline } from '@huggingface/transformers';

const [hub = '', repo = '', cache = '', texts = '[]'] = process.argv.slice(2);
env.remoteHost = hub;
env.allowLocalModels = false;
env.cacheDir = cache;
const classify = await pipeline('text-classification', repo);
process.stdout.write(JSON.stringify(await classify(JSON.parse(texts))));
await classify.dispose();
