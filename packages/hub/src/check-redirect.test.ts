import { expect, test } from 'vitest';
import { checkRedirect } from './check-redirect.ts';

const follow = (hubUrl: string, to: string) => () =>
  checkRedirect(new URL(to), { from: `${hubUrl}/x/resolve/main/f`, hubUrl });

test.each([
  ['https://huggingface.co', 'https://huggingface.co/other'],
  ['https://huggingface.co', 'https://cdn-lfs.huggingface.co/x?X-Amz-Signature=s'],
  ['https://huggingface.co', 'https://cas-bridge.xethub.hf.co/x'],
  ['http://127.0.0.1:8700', 'http://127.0.0.1:8701/storage'],
  ['http://127.0.0.1:8700', 'https://storage.example/x'],
  ['http://10.0.0.5', 'http://192.168.1.9:9000/bucket'],
])('the Hub %s may redirect to %s', (hub, to) => {
  expect(follow(hub, to)).not.toThrow();
});

test.each([
  ['https://huggingface.co', 'http://cdn-lfs.huggingface.co/x'],
  ['https://huggingface.co', 'https://127.0.0.1:8080/v1/keys'],
  ['https://huggingface.co', 'https://localhost/x'],
  ['https://huggingface.co', 'https://169.254.169.254/latest/meta-data/'],
  ['https://huggingface.co', 'https://10.0.0.1/x'],
  ['https://huggingface.co', 'https://2130706433/x'],
  ['https://huggingface.co', 'https://[::1]/x'],
  ['https://huggingface.co', 'https://[::ffff:169.254.169.254]/x'],
  ['https://huggingface.co', 'https://[fd00::1]/x'],
  ['https://huggingface.co', 'file:///etc/passwd'],
  ['http://127.0.0.1:8700', 'http://169.254.169.254/latest/meta-data/'],
  ['http://10.0.0.5', 'http://127.0.0.1:8080/v1/keys'],
])('the Hub %s may not redirect to %s', (hub, to) => {
  expect(follow(hub, to)).toThrow('where no storage of its own can be');
});
