export { type AppType, createApp } from './app.ts';
export { docsFiles } from './docs-files.ts';
export { describeApi } from './documentation/describe-api.ts';
export { renderApiReference } from './documentation/render-api-reference.ts';
export { openApiDocument } from './openapi-document.ts';
export { type ApiServer, type ServerOptions, startServer } from './server.ts';
export { type ApiBounds, type ApiServices, DEFAULT_BOUNDS } from './services.ts';
export type { Admission, SignInSettings } from './sign-in/sign-in.ts';
