export { type AppType, createApp } from './app.ts';
export { docsFiles } from './docs-files.ts';
export { openApiDocument } from './openapi-document.ts';
export { type ApiServer, type ServerOptions, startServer } from './server.ts';
export { type ApiBounds, DEFAULT_BOUNDS, type ApiServices } from './services.ts';
