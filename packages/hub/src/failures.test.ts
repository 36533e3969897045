import { expect, test } from 'vitest';
import { explainRefusal } from './failures.ts';

const TOKEN = 'hf_secret';
const subject = { hubUrl: 'https://hub', type: 'model', repo: 'ns/name', revision: 'v9', path: 'x.json' } as const;

function explain(status: number, headers: Record<string, string>, options: { token?: string; body?: string } = {}) {
  const { token, body = '' } = options;
  return explainRefusal({ status, headers: new Headers(headers), body }, subject, {
    cacheDir: '',
    ...(token === undefined ? {} : { token, tokenOrigin: 'HF_TOKEN' }),
  });
}

const cases: [string, Parameters<typeof explain>, string, RegExp][] = [
  ['gated, no token', [401, { 'x-error-code': 'GatedRepo' }], 'hub/gated', /gated.*no token[\s\S]*accept its terms/],
  [
    'gated, not granted',
    [403, { 'x-error-code': 'GatedRepo' }, { token: TOKEN }],
    'hub/gated',
    /token from HF_TOKEN has not been given access/,
  ],
  [
    'disabled',
    [403, { 'x-error-message': 'Access to this resource is disabled.' }, { token: TOKEN }],
    'hub/disabled',
    /was disabled/,
  ],
  ['missing, no token', [401, { 'x-error-code': 'RepoNotFound' }], 'hub/no-token', /private or does not exist/],
  [
    'missing, with token',
    [404, { 'x-error-code': 'RepoNotFound' }, { token: TOKEN }],
    'hub/repo-not-found',
    /no model ns\/name, or it is private and the token/,
  ],
  ['revision', [404, { 'x-error-code': 'RevisionNotFound' }], 'hub/revision-not-found', /no branch.*"v9"/],
  ['file', [404, { 'x-error-code': 'EntryNotFound' }], 'hub/file-not-found', /no file "x.json" at v9/],
  [
    'bad token',
    [
      401,
      { 'x-error-message': 'Invalid credentials in Authorization header', 'x-error-code': 'RepoNotFound' },
      { token: TOKEN },
    ],
    'hub/bad-token',
    /does not accept the token from HF_TOKEN[\s\S]*settings\/tokens/,
  ],
  [
    'private',
    [403, {}, { token: TOKEN, body: '{"error":"This repository is private"}' }],
    'hub/private',
    /is private and the token from HF_TOKEN may not read it/,
  ],
  ['forbidden', [403, {}, { token: TOKEN, body: '{"error":"no write rights"}' }], 'hub/forbidden', /no write rights/],
  ['other', [418, {}, { body: '<html><b>teapot</b></html>' }], 'hub/refused', /418 \("teapot"\)/],
];

test.each(cases)('%s has its own message', (_name, input, code, message) => {
  const error = explain(...input);
  expect(error.code).toBe(code);
  expect(error.message).toMatch(message);
  expect(error.where).toBe('https://hub/ns/name');
});

test('no two kinds of refusal share a message', () => {
  const messages = cases.map(([, input]) => explain(...input).message);
  expect(new Set(messages).size).toBe(cases.length);
});

test('what a server echoes of the token is not repeated', () => {
  const error = explain(400, {}, { token: TOKEN, body: `{"error":"you sent ${TOKEN}"}` });
  expect(error.message).toContain('you sent [token]');
  expect(error.message).not.toContain(TOKEN);
});
