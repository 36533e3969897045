export type * from './card-types.ts';
export type * from './events.ts';
export type * from './inspection.ts';
export type * from './licence-types.ts';
export * from './manifest.ts';
export * from './options.ts';
export type * from './publish-types.ts';
export type * from './source.ts';
