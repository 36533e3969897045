import { expect, test } from 'vitest';
import { readEnvironment } from './environment.ts';
import { signInSettings } from './sign-in-settings.ts';

const SPACE = {
  OAUTH_CLIENT_ID: 'app',
  OAUTH_CLIENT_SECRET: 'secret',
  OAUTH_SCOPES: 'openid profile',
  OPENID_PROVIDER_URL: 'https://huggingface.co/',
  SPACE_HOST: 'ana-hubfuse.hf.space',
  SPACE_AUTHOR_NAME: 'ana',
};

const settings = (variables: Record<string, string>, ...admit: string[]) =>
  signInSettings({ environment: readEnvironment(variables), admit, hubUrl: 'https://hub.example' });

test('the owner of a Space is admitted where nobody is named', () => {
  expect(settings(SPACE)).toEqual({
    ...{ clientId: 'app', clientSecret: 'secret', scopes: 'openid profile' },
    provider: 'https://huggingface.co',
    admissions: [{ who: 'ana', scope: 'admin' }],
  });
  expect(settings(SPACE, 'team', '*:read', 'bob:admin')?.admissions).toEqual([
    { who: 'team', scope: 'run' },
    { who: '*', scope: 'read' },
    { who: 'bob', scope: 'admin' },
  ]);
  expect(settings({ OAUTH_CLIENT_ID: 'a', OAUTH_CLIENT_SECRET: 'b' }, 'ana')?.provider).toBe('https://hub.example');
});

test('without an app there is no signing in; what cannot be meant is refused', () => {
  expect(settings({})).toBeUndefined();
  expect(() => settings({}, 'ana')).toThrow(/no OAuth app/);
  expect(() => settings({ OAUTH_CLIENT_ID: 'a', OAUTH_CLIENT_SECRET: 'b' })).toThrow(/nobody is admitted/);
  for (const text of ['ana:owner', 'a b', ':run', 'a:run:x'])
    expect(() => settings(SPACE, text)).toThrow(/who is admitted/);
});
