// Exercises every call that hubfuse makes to a Hub, against the real one (or HF_ENDPOINT): `npm run check:hub`. It needs
// a token that may write in its account's namespace. What it publishes goes into one private repository with a name of
// its own, which it removes at the end. Without a token it says so and does nothing. `--list` names the steps.
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  closeDiscussion,
  commentDiscussion,
  createWebhook,
  deleteWebhook,
  fetchModel,
  findPullRequests,
  HUBFUSE_VERSION,
  hubOptionsFromEnvironment,
  inspectModel,
  listWebhooks,
  openDataset,
  openModel,
  publishFolder,
  readDiscussion,
  rollback,
  updateWebhook,
  whoAmI,
} from '@hubfuse/hub';
import { deleteRepo } from '@huggingface/hub';
import { readArguments } from './read-arguments.mjs';

const MODEL = 'hf-internal-testing/tiny-random-BertForSequenceClassification';
const DATASET = 'hf-internal-testing/fixtures_image_utils';
const RENAMED = 'bert-base-uncased';
const GATED = 'meta-llama/Llama-2-7b-hf';

const { values } = readArguments({ script: import.meta.url, options: { list: { type: 'boolean' } } });
const scratch = mkdtempSync(join(tmpdir(), 'hubfuse-check-'));
const events = [];
const options = await hubOptionsFromEnvironment({
  cacheDir: join(scratch, 'cache'),
  onProgress: (event) => events.push(event),
});
const state = { intent: randomBytes(9).toString('base64url') };

function expect(condition, message) {
  if (!condition) throw new Error(message);
}

async function expectFailure(action, codes) {
  const failure = await action().catch((error) => error);
  expect(codes.includes(failure?.code), `expected ${codes.join(' or ')}, got ${failure?.code ?? 'success'}`);
  return `${failure.code}: ${failure.summary}`;
}

/** A folder with one large file of `seed` and what publishes it. */
function publication(seed, more = {}) {
  const folder = join(scratch, `folder-${seed}`);
  mkdirSync(folder, { recursive: true });
  const files = {
    'config.json': JSON.stringify({ seed }),
    'model.safetensors': createHash('sha512').update(seed).digest().toString('hex').repeat(40_000),
  };
  const outputs = Object.entries(files).map(([path, content]) => {
    writeFileSync(join(folder, path), content);
    return { path, size: content.length, sha256: createHash('sha256').update(content).digest('hex') };
  });
  writeFileSync(join(folder, 'README.md'), '---\ntags: [hubfuse-check]\n---\nA check of hubfuse; it may be deleted.\n');
  const manifest = {
    format: 1,
    hubfuse: HUBFUSE_VERSION,
    name: 'check',
    method: 'linear',
    recipe: `# check ${seed}\n`,
    inputs: [],
    settings: {},
    datasets: [],
    outputs,
  };
  return { repo: state.repo, folder, title: `Check ${seed}`, private: true, manifest, options, ...more };
}

/** In order: later steps use what earlier ones made. */
const STEPS = {
  async 'whose token it is'() {
    const account = await whoAmI(options);
    state.repo = `${account.name}/hubfuse-check-${randomBytes(6).toString('hex')}`;
    return account.name;
  },
  async 'pin a branch and list its files'() {
    state.source = await openModel({ kind: 'hub', repo: MODEL }, options);
    expect(state.source.files.length > 0, 'no files are listed');
    return `${MODEL}@${state.source.revision}`;
  },
  async 'read a header by range'() {
    const weights = state.source.files.find(({ path }) => path.endsWith('.safetensors'));
    const bytes = await state.source.read(weights.path, { start: 0, end: 8 });
    const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
    expect(length > 0 && length < weights.size, `the header would have ${length} bytes`);
    return `${weights.path}: ${length} bytes of header`;
  },
  async 'read config and card'() {
    const { config, weights } = await inspectModel(state.source);
    return `${config?.model_type}, ${weights.length} file(s) of weights`;
  },
  async 'download with checksums'() {
    const folder = await fetchModel(state.source, { ...options, rangeBytes: 64 * 1024 });
    expect(
      events.some((event) => event.type === 'download' && event.state === 'verified'),
      'no file was verified',
    );
    return folder;
  },
  async 'use what is there'() {
    events.length = 0;
    await fetchModel(state.source, options);
    expect(
      events.filter(({ type }) => type === 'download').every((event) => event.state === 'cached'),
      'not all cached',
    );
    return `${events.length} files`;
  },
  async 'pin a dataset'() {
    const source = await openDataset({ kind: 'hub', repo: DATASET }, options);
    return `${DATASET}@${source.revision}`;
  },
  async 'follow a renamed repository'() {
    const source = await openModel({ kind: 'hub', repo: RENAMED }, options);
    expect(source.renamedFrom === RENAMED, `${RENAMED} is ${source.name}`);
    return `${RENAMED} -> ${source.name}`;
  },
  'say that a repository is missing': () =>
    expectFailure(() => openModel({ kind: 'hub', repo: state.repo }, options), ['hub/repo-not-found']),
  'say that a revision is missing': () =>
    expectFailure(
      () => openModel({ kind: 'hub', repo: MODEL, revision: 'no-such' }, options),
      ['hub/revision-not-found'],
    ),
  'say that a dataset is no model': () =>
    expectFailure(() => openModel({ kind: 'hub', repo: DATASET }, options), ['hub/not-a-model']),
  'say that a repository is gated': () =>
    expectFailure(() => openModel({ kind: 'hub', repo: GATED }, { ...options, token: undefined }), ['hub/gated']),
  'say that a token is not accepted': () =>
    expectFailure(
      () => openModel({ kind: 'hub', repo: MODEL }, { ...options, token: `hf_${'x'.repeat(34)}` }),
      ['hub/bad-token'],
    ),
  async 'create a repository and publish a commit'() {
    state.first = await publishFolder(publication('one', { attempt: 'one' }));
    state.made = true;
    expect(state.first.created && state.first.as === 'commit', JSON.stringify(state.first));
    return `${state.first.url} ${state.first.revision}`;
  },
  'say without a token that a repository is private': () =>
    expectFailure(
      () => openModel({ kind: 'hub', repo: state.repo }, { ...options, token: undefined }),
      ['hub/no-token', 'hub/repo-not-found'],
    ),
  async 'recognise what is published'() {
    const again = await publishFolder(publication('one'));
    expect(again.already && again.revision === state.first.revision, JSON.stringify(again));
    return again.revision;
  },
  async 'publish again over a branch that moves'() {
    let moved = false;
    const move = async (input, init) => {
      if (!moved && String(input).includes('/commit/main')) {
        moved = true;
        const header = { key: 'header', value: { summary: 'Move the branch' } };
        const file = { key: 'file', value: { path: 'moved.txt', content: 'moved', encoding: 'utf-8' } };
        const body = `${JSON.stringify(header)}\n${JSON.stringify(file)}`;
        const headers = { authorization: `Bearer ${options.token}`, 'content-type': 'application/x-ndjson' };
        await fetch(String(input), { method: 'POST', headers, body });
      }
      return await fetch(input, init);
    };
    const result = await publishFolder(publication('two', { options: { ...options, fetch: move } }));
    expect(moved && !result.already, JSON.stringify(result));
    return result.revision;
  },
  async 'recognise an attempt that was replaced'() {
    const again = await publishFolder(publication('one', { attempt: 'one' }));
    expect(again.already && again.revision === state.first.revision, JSON.stringify(again));
    return again.revision;
  },
  async 'open a pull request'() {
    state.pull = await publishFolder(publication('three', { as: 'pull_request' }));
    expect(state.pull.as === 'pull_request' && state.pull.pullRequest > 0, JSON.stringify(state.pull));
    return state.pull.url;
  },
  async 'recognise a pull request'() {
    const again = await publishFolder(publication('three', { as: 'pull_request' }));
    expect(again.already && again.pullRequest === state.pull.pullRequest, JSON.stringify(again));
    return again.url;
  },
  async 'publish to a new branch'() {
    const result = await publishFolder(publication('four', { branch: 'check' }));
    return result.url;
  },
  async 'publish through Xet'() {
    const result = await publishFolder(publication('five', { xet: true }));
    return result.revision;
  },
  async 'download what was published'() {
    const source = await openModel({ kind: 'hub', repo: state.repo }, options);
    const folder = await fetchModel(source, { ...options, rangeBytes: 1024 * 1024 });
    const sent = readFileSync(join(publication('five').folder, 'model.safetensors'));
    expect(readFileSync(join(folder, 'model.safetensors')).equals(sent), 'other bytes came back');
    return source.revision;
  },
  async 'find a pull request by its mark'() {
    const asked = publication('six', { as: 'pull_request', intent: state.intent });
    const pull = await publishFolder(asked);
    const mark = `hubfuse-intent: ${state.intent}`;
    const found = await findPullRequests({ repo: state.repo, mark, options });
    expect(found.length === 1 && found[0].number === pull.pullRequest, JSON.stringify(found));
    state.marked = pull.pullRequest;
    return pull.url;
  },
  async 'comment on a pull request and close it'() {
    const at = { repo: state.repo, number: state.marked, options };
    const comment = await commentDiscussion({ ...at, text: 'A check of hubfuse.', marker: 'check' });
    expect((await commentDiscussion({ ...at, text: 'A check of hubfuse.', marker: 'check' })).already, 'written twice');
    expect(await closeDiscussion({ ...at, comment: 'Done.' }), 'was closed already');
    const { status, comments } = await readDiscussion(at);
    expect(status === 'closed' && comments.some(({ id }) => id === comment.id), JSON.stringify({ status, comments }));
    return comment.url;
  },
  async 'roll a publication back'() {
    const result = await rollback({ repo: state.repo, reason: 'a check', options });
    expect(!result.already && (await rollback({ repo: state.repo, options })).already, JSON.stringify(result));
    return result.revision;
  },
  async 'register a webhook and remove it'() {
    const watched = [{ type: 'model', name: state.repo }];
    const made = await createWebhook({ url: 'https://example.com/hubfuse-check', watched, secret: 'check', options });
    try {
      const changed = await updateWebhook({ id: made.id, disabled: true, domains: ['repo'], options });
      expect(changed.disabled && changed.domains.join() === 'repo', JSON.stringify(changed));
      expect(
        (await listWebhooks(options)).some(({ id }) => id === made.id),
        'it is not listed',
      );
    } finally {
      await deleteWebhook({ id: made.id, options });
    }
    return made.id;
  },
};

async function removeWhatWasMade() {
  rmSync(scratch, { recursive: true, force: true });
  if (state.made !== true) return;
  await deleteRepo({
    repo: { type: 'model', name: state.repo },
    accessToken: options.token,
    hubUrl: options.hubUrl,
  }).catch((error) => process.stdout.write(`${state.repo} could not be removed: ${error.message}\n`));
}

async function check() {
  let failures = 0;
  for (const [name, step] of Object.entries(STEPS)) {
    const start = Date.now();
    try {
      const detail = await step();
      process.stdout.write(`ok      ${name} (${Date.now() - start} ms): ${detail}\n`);
    } catch (error) {
      failures++;
      process.stdout.write(`FAILED  ${name}: ${error.message}\n`);
    }
  }
  process.stdout.write(`${Object.keys(STEPS).length - failures} of ${Object.keys(STEPS).length} steps ok\n`);
  return failures === 0;
}

if (values.list) {
  process.stdout.write(`${Object.keys(STEPS).join('\n')}\n`);
} else if (options.token === undefined) {
  process.stdout.write(
    `skipped: nothing was checked against ${options.hubUrl}, because there is no token. Set HF_TOKEN to one that may write.\n`,
  );
} else {
  process.stdout.write(`checking ${options.hubUrl}\n`);
  process.exitCode = (await check()) ? 0 : 1;
  await removeWhatWasMade();
}
rmSync(scratch, { recursive: true, force: true });
