import type { IncomingMessage, Server, ServerResponse } from 'node:http';

export function send(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

export function refuse(response: ServerResponse, status: number, problem: Record<string, unknown>): void {
  const title =
    {
      401: 'Unauthorized',
      403: 'Forbidden',
      404: 'Not Found',
      412: 'Precondition Failed',
      422: 'Unprocessable Entity',
    }[status] ?? 'Error';
  response.writeHead(status, { 'content-type': 'application/problem+json' }).end(
    JSON.stringify({
      type: `urn:hubfuse:problem:${problem.code}`,
      title,
      status,
      instance: 'urn:hubfuse:request:1',
      ...problem,
    }),
  );
}

export async function textOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString('utf8');
}

export function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.closeAllConnections();
    server.close(() => resolve());
  });
}
