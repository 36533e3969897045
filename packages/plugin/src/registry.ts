import { readdir } from 'node:fs/promises';
import type { Architecture } from './architecture.ts';
import { PluginError } from './errors.ts';
import type { DatasetReader, Metric, Task } from './evaluation.ts';
import type { Launcher } from './launcher.ts';
import type { MergeMethod } from './method.ts';
import type { Publisher } from './publisher.ts';
import { resolvePlugin } from './resolve-plugin.ts';
import type { ObjectStoreFactory } from './store.ts';
import { didYouMean } from './suggest.ts';

/** Every extension point and the type of what registers there. */
export interface ExtensionPoints {
  method: MergeMethod;
  architecture: Architecture;
  task: Task;
  metric: Metric;
  reader: DatasetReader;
  publisher: Publisher;
  launcher: Launcher;
  store: ObjectStoreFactory;
}

export type ExtensionKind = keyof ExtensionPoints;
export type Extension = ExtensionPoints[ExtensionKind];

/** The kinds in the order in which they are shown. */
export const EXTENSION_KINDS: readonly ExtensionKind[] = [
  'method',
  'architecture',
  'task',
  'metric',
  'reader',
  'publisher',
  'launcher',
  'store',
];

/**
 * What is known to this process: built-ins and plugins alike. A module's default export is one extension or a list
 * of them; each has a `kind` and a `name`.
 */
export class Registry {
  readonly #extensions = new Map<ExtensionKind, Map<string, Extension>>(
    EXTENSION_KINDS.map((kind) => [kind, new Map()]),
  );
  readonly #modules: string[] = [];
  readonly #origins = new Map<Extension, string>();

  /** URLs of the modules that were loaded, in order: what a worker thread imports to know the same extensions. */
  get modules(): readonly string[] {
    return this.#modules;
  }

  /** URL of the module that an extension came with: what a worker thread imports to know this one alone. */
  moduleOf(extension: Extension): string | undefined {
    return this.#origins.get(extension);
  }

  /** Adds one extension. @throws PluginError where the kind is unknown or the name is taken. */
  register(extension: Extension, origin = 'this program'): void {
    const known = this.#extensions.get(extension.kind);
    if (known === undefined) {
      throw new PluginError({
        code: 'plugin/unknown-kind',
        message: `${origin} registers "${String(extension.kind)}", which is no extension point`,
        hint: didYouMean(String(extension.kind), EXTENSION_KINDS),
      });
    }
    if (known.has(extension.name)) {
      throw new PluginError({
        code: 'plugin/duplicate',
        message: `${origin} registers the ${extension.kind} "${extension.name}", which exists already`,
        hint: 'rename one of the two',
      });
    }
    known.set(extension.name, extension);
  }

  /** Imports a module by URL and registers its default export. Loading the same URL again does nothing. */
  async load(url: string): Promise<void> {
    if (this.#modules.includes(url)) return;
    const module = (await import(url)) as { default?: unknown };
    const exported = module.default;
    const extensions = Array.isArray(exported) ? exported : [exported];
    for (const extension of extensions as (Partial<Extension> | undefined)[]) {
      if (typeof extension !== 'object' || extension === null || typeof extension.name !== 'string') {
        throw new PluginError({
          code: 'plugin/no-extension',
          where: url,
          message: 'the default export is not an extension (an object with kind and name) or a list of them',
        });
      }
      this.register(extension as Extension, url);
      this.#origins.set(extension as Extension, url);
    }
    this.#modules.push(url);
  }

  /** Loads every compiled module (`*.js`, no tests) of a folder, in order of name. */
  async loadFolder(folder: URL): Promise<void> {
    const names = (await readdir(folder)).filter((name) => name.endsWith('.js') && !name.includes('.test.'));
    for (const name of names.sort()) await this.load(new URL(name, folder).href);
  }

  /**
   * Loads a plugin that a user names: a path (relative to `from`, or absolute) or the name of an installed package.
   * @throws PluginError where it cannot be found or imported.
   */
  async loadPlugin(specifier: string, from: string): Promise<void> {
    let url: string | undefined;
    try {
      url = resolvePlugin(specifier, from);
      await this.load(url);
    } catch (cause) {
      if (cause instanceof PluginError) throw cause;
      const { pluginFailure } = await import('./plugin-failure.ts');
      throw await pluginFailure({ specifier, url, cause });
    }
  }

  /** The extension of that name. @throws PluginError with a suggestion where there is none. */
  get<K extends ExtensionKind>(kind: K, name: string): ExtensionPoints[K] {
    const extension = this.find(kind, name);
    if (extension !== undefined) return extension;
    throw new PluginError({
      code: `plugin/unknown-${kind}`,
      message: `there is no ${kind} "${name}"`,
      hint: didYouMean(name, this.names(kind)),
    });
  }

  find<K extends ExtensionKind>(kind: K, name: string): ExtensionPoints[K] | undefined {
    return this.#extensions.get(kind)?.get(name) as ExtensionPoints[K] | undefined;
  }

  /** All extensions of a kind, by name. */
  list<K extends ExtensionKind>(kind: K): ExtensionPoints[K][] {
    const all = [...(this.#extensions.get(kind)?.values() ?? [])] as ExtensionPoints[K][];
    return all.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  }

  names(kind: ExtensionKind): string[] {
    return this.list(kind).map((extension) => extension.name);
  }
}
