import { expect, test } from 'vitest';
import { requirePublishable } from './require-publishable.ts';

/** A Hub that knows one account and the repository `theirs/model`. */
function hubOf(account: Record<string, unknown>): typeof fetch {
  return async (input) => {
    const { pathname } = new URL(String(input));
    if (pathname === '/api/whoami-v2') return Response.json({ name: 'ana', ...account });
    if (pathname.startsWith('/api/models/theirs/model')) {
      return Response.json({ _id: '1', id: 'theirs/model', sha: 'a'.repeat(40), private: false, gated: false });
    }
    const headers = { 'x-error-code': 'RepoNotFound' };
    return Response.json({ error: 'Repository not found' }, { status: 404, headers });
  };
}

const auth = (role: string) => ({ auth: { type: 'access_token', accessToken: { role } } });
const check = async (repo: string, account: Record<string, unknown>): Promise<void> =>
  await requirePublishable(repo, {
    hubUrl: 'https://hub.test',
    cacheDir: '',
    token: 'hf_ana',
    retry: { attempts: 1 },
    fetch: hubOf(account),
  });

test.each([
  ['of nobody that it knows', [{ name: 'lab', roleInOrg: 'write' }]],
  ['where it may only read', [{ name: 'them', roleInOrg: 'read' }]],
])('a repository that does not exist is refused in a namespace %s', async (_where, orgs) => {
  await expect(check('them/new', { ...auth('write'), orgs })).rejects.toMatchObject({ code: 'hub/forbidden' });
});

test('what is no name of a repository is refused as such', async () => {
  await expect(check('model', { ...auth('write'), orgs: [] })).rejects.toMatchObject({ code: 'hub/bad-repo-id' });
});

test.each([
  ['its own namespace', 'Ana/new', { ...auth('write'), orgs: [] }],
  [
    'an organisation of the account',
    'lab/new',
    { ...auth('write'), orgs: [{ name: 'lab', roleInOrg: 'contributor' }] },
  ],
  ['an organisation whose roles are not told', 'lab/new', { ...auth('write'), orgs: [{ name: 'lab' }] }],
  [
    'a resource group of an organisation',
    'lab/new',
    { ...auth('write'), orgs: [{ name: 'lab', roleInOrg: 'read', resourceGroups: [{ name: 'team', role: 'write' }] }] },
  ],
  ['a repository that exists', 'theirs/model', { ...auth('write'), orgs: [] }],
  ['whatever a fine-grained token may', 'them/new', { ...auth('fineGrained'), orgs: [] }],
  ['whatever a token of unknown rights may', 'them/new', { orgs: [] }],
  ['organisations that the Hub does not tell', 'them/new', auth('write')],
])('%s is not refused', async (_what, repo, account) => {
  await check(repo, account);
});
