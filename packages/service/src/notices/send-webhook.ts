import { createHmac } from 'node:crypto';
import { HUBFUSE_VERSION } from '@hubfuse/hub';

/** Where notices are posted. */
export interface NoticeWebhook {
  /** The only address that notices go to; a redirect is a failure. */
  url: string;
  /** Signs what is sent. */
  secret: string;
}

const TIMEOUT_MS = 10_000;

/** `sha256=` and the HMAC-SHA256, in hexadecimal, of `<timestamp>.<body>` under the secret. */
export function signNotice(secret: string, timestamp: number, body: string): string {
  return `sha256=${createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex')}`;
}

/**
 * Posts a notice. The timestamp is in seconds: a receiver that compares it with its clock refuses old deliveries.
 * @returns why it failed, or undefined
 */
export async function sendWebhook(
  { url, secret }: NoticeWebhook,
  notice: { id: string; body: string; now: number; fetch?: typeof fetch | undefined },
): Promise<string | undefined> {
  const { id, body, now, fetch: request = fetch } = notice;
  const timestamp = Math.floor(now / 1000);
  try {
    const response = await request(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'user-agent': `hubfuse/${HUBFUSE_VERSION}`,
        'x-hubfuse-delivery': id,
        'x-hubfuse-timestamp': String(timestamp),
        'x-hubfuse-signature': signNotice(secret, timestamp, body),
      },
      body,
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    await response.body?.cancel();
    return response.ok ? undefined : `status ${response.status}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
