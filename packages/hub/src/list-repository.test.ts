import { expect, test } from 'vitest';
import { listRepository } from './list-repository.ts';
import { createTransport } from './transport.ts';

const OID = 'a'.repeat(40);
const hubUrl = 'http://hub.test';

/** The files of a repository as a Hub answers that lists `entry`. */
function list(entry: object) {
  const answer = [{ type: 'file', size: 1, oid: OID, path: 'config.json', ...entry }];
  const transport = createTransport({ hubUrl, cacheDir: '/nowhere', fetch: async () => Response.json(answer) });
  return listRepository({ transport, address: { hubUrl, type: 'model', repo: 'ns/name' }, revision: OID });
}

test('what a Hub lists is taken with sizes and checksums', async () => {
  const lfs = { oid: 'b'.repeat(64), size: 7, pointerSize: 1 };
  expect(await list({ lfs })).toEqual([{ path: 'config.json', size: 7, oid: OID, sha256: lfs.oid }]);
});

test.each(['../../x', '/etc/x', 'a/../../x', 'a\\..\\x', 'C:/x', 'a//x', './x'])(
  'a file that could be written outside of its folder is refused: %s',
  async (path) => {
    await expect(list({ path })).rejects.toMatchObject({ code: 'hub/unsafe-path' });
  },
);

test('a checksum that is none is refused, as it would name a file of the cache', async () => {
  await expect(list({ oid: '../../../x' })).rejects.toMatchObject({ code: 'hub/bad-checksum' });
  const lfs = { oid: '../../../x', size: 1, pointerSize: 1 };
  await expect(list({ lfs })).rejects.toMatchObject({ code: 'hub/bad-checksum', where: 'ns/name/config.json' });
});
