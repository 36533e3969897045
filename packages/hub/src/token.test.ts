import { expect, test } from 'vitest';
import { checkedToken, redact, requiredToken, safeCause, showAddress } from './token.ts';

const TOKEN = 'hf_abcdefghijklmnopqrstuvwxyz01234567';

test('the token in use and every other token disappear from a text', () => {
  expect(redact('sent hf_mine with it', 'hf_mine')).toBe('sent [token] with it');
  expect(redact(`other: ${TOKEN}.`)).toBe('other: [token].');
});

test('names that only begin like a token stay', () => {
  expect(redact('hf_hub_download from user/hf_bert')).toBe('hf_hub_download from user/hf_bert');
});

test('a signed storage address is shown without its signature', () => {
  const signed = 'https://cdn.example/x/y?X-Amz-Signature=abc123&Policy=zz';
  expect(showAddress(signed)).toBe('https://cdn.example/x/y');
  expect(redact(`GET ${signed}`)).not.toMatch(/abc123|zz/);
});

test('a cause keeps kind and message, redacted, and nothing else', () => {
  const cause = Object.assign(new TypeError(`bad header Bearer ${TOKEN}`), { headers: TOKEN });
  const safe = safeCause(cause, TOKEN);
  expect(safe.message).toBe('bad header Bearer [token]');
  expect(safe.name).toBe('TypeError');
  expect(JSON.stringify({ ...safe, stack: safe.stack })).not.toContain(TOKEN);
});

test('a token that is none is refused without being shown', () => {
  expect(() => checkedToken({ token: 'my-secret-password', tokenOrigin: 'HF_TOKEN' })).toThrow(
    /^the token from HF_TOKEN is not an access token/,
  );
  expect(() => checkedToken({ token: 'my-secret-password' })).not.toThrow(/my-secret-password/);
});

test('what needs a token says how to get one', () => {
  expect(() => requiredToken({}, 'publishing to a/b')).toThrow(
    /publishing to a\/b needs an access token[\s\S]*HF_TOKEN/,
  );
});
