import { type HubOptions, hubOptionsFromEnvironment } from '@hubfuse/hub';

/** Access to the Hub: what the command line gives, else what Hugging Face's own tools would take. */
export function hubOptions(given: { hub: string | undefined; token: string | undefined }): Promise<HubOptions> {
  return hubOptionsFromEnvironment({
    hubUrl: given.hub,
    ...(given.token === undefined ? {} : { token: given.token, tokenOrigin: '--token' }),
  });
}
