import { didYouMean, UsageError } from '@hubfuse/plugin';
import { type Key, SCOPES } from './key.ts';

/** What a key is made of. */
export interface NewKey {
  name: string;
  scopes: readonly string[];
  /** Default: none, so that only public repositories can be read and nothing published. */
  namespaces?: readonly string[] | undefined;
  /** Addresses in S3 that it may publish below. Default: none. */
  s3?: readonly string[] | undefined;
  /** Default: as many as it likes. */
  runsPerDay?: number | undefined;
}

/** @throws UsageError `service/bad-key-settings` */
export function checkNewKey(settings: NewKey): Pick<Key, 'name' | 'scopes' | 'namespaces' | 's3' | 'runsPerDay'> {
  const name = settings.name.trim();
  if (name === '' || name.length > 100 || /\p{Cc}/u.test(name)) {
    throw bad('the name of a key has 1 to 100 printable characters', 'say what the key is for: --name ci');
  }
  const scopes = SCOPES.filter((scope) => settings.scopes.includes(scope));
  const strange = settings.scopes.find((scope) => !SCOPES.some((known) => known === scope));
  if (strange !== undefined) throw bad(`there is no scope "${strange}"`, didYouMean(strange, SCOPES));
  if (scopes.length === 0) throw bad('a key needs a scope', `scopes are ${SCOPES.join(', ')}`);
  const namespaces = [...new Set(settings.namespaces ?? [])];
  const odd = namespaces.find((namespace) => namespace !== '*' && !/^[A-Za-z0-9][\w.-]{0,95}$/.test(namespace));
  if (odd !== undefined) throw bad(`"${odd}" is no namespace of the Hub`, 'name a user, an organisation, or * for all');
  const s3 = [...new Set(settings.s3 ?? [])];
  const nowhere = s3.find(
    (url) => url !== '*' && !/^s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](?:\/[^?#\s]{0,500})?$/.test(url),
  );
  if (nowhere !== undefined) throw bad(`"${nowhere}" is no address in S3`, 'write s3://bucket/prefix, or * for all');
  const { runsPerDay } = settings;
  if (runsPerDay !== undefined && (!Number.isSafeInteger(runsPerDay) || runsPerDay < 1)) {
    throw bad(`a key cannot start ${runsPerDay} runs a day`, 'give a whole number from 1');
  }
  return { name, scopes, namespaces, s3, ...(runsPerDay === undefined ? {} : { runsPerDay }) };
}

function bad(message: string, hint?: string): UsageError {
  return new UsageError({ code: 'service/bad-key-settings', message, hint });
}
