export { type AppType, createApp } from './app.ts';
export { openApiDocument } from './openapi-document.ts';
export { DEFAULT_LIMITS, type ApiLimits, type Services } from './services.ts';
