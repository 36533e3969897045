import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { DashboardFile } from '@hubfuse/dashboard';

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>hubfuse API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="docs/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
`;

const START = `SwaggerUIBundle({ url: 'openapi.json', dom_id: '#swagger-ui', deepLinking: true, validatorUrl: null });
`;

/** The documentation page at `/docs`: Swagger UI from this package's dependencies, nothing from elsewhere. */
export async function docsFiles(): Promise<Map<string, DashboardFile>> {
  const folder = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
  const text = (content: string) => new TextEncoder().encode(content);
  const file = async (name: string, contentType: string): Promise<[string, DashboardFile]> => [
    `/docs/${name}`,
    { body: await readFile(join(folder, name)), contentType, immutable: false },
  ];
  return new Map<string, DashboardFile>([
    ['/docs', { body: text(PAGE), contentType: 'text/html; charset=utf-8', immutable: false }],
    ['/docs/start.js', { body: text(START), contentType: 'text/javascript; charset=utf-8', immutable: false }],
    await file('swagger-ui-bundle.js', 'text/javascript; charset=utf-8'),
    await file('swagger-ui.css', 'text/css; charset=utf-8'),
  ]);
}
