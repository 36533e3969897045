import { type HubOptions, hubOptionsFromEnvironment } from '@hubfuse/hub';
import type { CommandContext } from './command.ts';

/**
 * Access to the Hub: what the command line says, else `HF_ENDPOINT`, else the configuration; token and cache as Hugging
 * Face's own tools would take them. It ends with the command's signal.
 * @throws HubError where the address or the token's file is unusable
 */
export function hubOptions(
  context: Pick<CommandContext, 'environment' | 'configuration' | 'signal'> & {
    options: { hub?: string | undefined; token?: string | undefined };
  },
): Promise<HubOptions> {
  const { options, environment, configuration, signal } = context;
  return hubOptionsFromEnvironment({
    hubUrl: options.hub ?? environment.hub ?? configuration.hub,
    signal,
    ...(options.token === undefined ? {} : { token: options.token, tokenOrigin: '--token' }),
  });
}
