import { HubError } from '@hubfuse/plugin';
import type { HubOptions } from './options.ts';
import { createTransport } from './transport.ts';

/** The account behind a token. */
export interface HubAccount {
  name: string;
  /** Its organisations, where the Hub tells of them. */
  organisations?: readonly HubOrganisation[];
  /** What the token may do, where the Hub says so: `read`, `write`, `fineGrained`. */
  role?: string;
}

export interface HubOrganisation {
  name: string;
  /** Whether a new repository in its namespace is out of the question: the account may only read there. */
  readOnly: boolean;
}

interface WhoAmIAnswer {
  name?: unknown;
  orgs?: { name?: string; roleInOrg?: string; resourceGroups?: unknown[] }[];
  auth?: { accessToken?: { role?: string } };
}

/**
 * Asks the Hub whose token it is; undefined without a token. Reaches the Hub in either case.
 * @throws HubError `hub/bad-token`, `hub/bad-answer`, or one of the network's
 */
export async function whoAmI(options: HubOptions): Promise<HubAccount | undefined> {
  const transport = createTransport(options);
  const response = await transport.fetch(`${transport.hubUrl}/api/whoami-v2`);
  const hasToken = options.token !== undefined && options.token !== '';
  if (response.status === 401) {
    if (!hasToken) return undefined;
    throw new HubError({
      code: 'hub/bad-token',
      where: transport.hubUrl,
      message: `the Hub does not accept the token from ${options.tokenOrigin ?? 'the options'}`,
      hint: `make a new one at ${transport.hubUrl}/settings/tokens`,
    });
  }
  const answer = (response.ok ? await response.json().catch(() => undefined) : undefined) as WhoAmIAnswer | undefined;
  if (typeof answer?.name !== 'string') {
    throw new HubError({
      code: 'hub/bad-answer',
      where: transport.hubUrl,
      message: `this does not answer as a Hub does (status ${response.status})`,
      hint: 'look for a typing error in the address',
    });
  }
  const role = answer.auth?.accessToken?.role;
  return {
    name: answer.name,
    ...(Array.isArray(answer.orgs) ? { organisations: answer.orgs.flatMap(organisation) } : {}),
    ...(role === undefined ? {} : { role }),
  };
}

/** Who may only read in an organisation may still write in a resource group of it. */
function organisation({ name, roleInOrg, resourceGroups = [] }: NonNullable<WhoAmIAnswer['orgs']>[number]) {
  return name === undefined ? [] : [{ name, readOnly: roleInOrg === 'read' && resourceGroups.length === 0 }];
}
