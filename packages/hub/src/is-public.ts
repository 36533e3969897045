import { HubError } from '@hubfuse/plugin';
import type { HubOptions } from './options.ts';
import { createTransport } from './transport.ts';

/**
 * Whether anybody may read a repository: it exists, is neither private nor gated. Asked without a token, so that what the
 * server's own token may read says nothing.
 * @throws HubError where the Hub cannot be reached or gives no usable answer
 */
export async function isPublic(
  repo: { type: 'model' | 'dataset'; repo: string },
  options: HubOptions,
): Promise<boolean> {
  const { token: _, ...anonymous } = options;
  const transport = createTransport(anonymous);
  const where = `${transport.hubUrl}/api/${repo.type}s/${repo.repo}`;
  const response = await transport.fetch(where);
  if ([401, 403, 404].includes(response.status)) return false;
  const answer = (response.ok ? await response.json().catch(() => undefined) : undefined) as
    | { private?: unknown; gated?: unknown }
    | undefined;
  if (answer === undefined) {
    throw new HubError({
      code: 'hub/bad-answer',
      where,
      message: `the Hub does not say whether ${repo.repo} is public (status ${response.status})`,
    });
  }
  return answer.private !== true && (answer.gated === undefined || answer.gated === false);
}
