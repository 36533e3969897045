import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { registerEvaluation } from '@hubfuse/evaluate';
import { registerArchitectures } from '@hubfuse/graphs';
import { type HubOptions, registerPublishers } from '@hubfuse/hub';
import { registerMethods } from '@hubfuse/merge';
import { openStore, registerStorePublishers, registerStores } from '@hubfuse/objects';
import { type ObjectStore, Registry } from '@hubfuse/plugin';
import { parseRecipe, type Recipe } from '@hubfuse/recipe';
import { createRun, type ExecutionOptions, executeRun, type RunReport } from '@hubfuse/runs';
import type { ExampleHub } from '../support/example-hub.ts';

export async function fullRegistry(): Promise<Registry> {
  const registry = new Registry();
  const publishers = [registerPublishers, registerStorePublishers];
  const rooms = [registerStores, registerMethods, registerArchitectures, registerEvaluation];
  for (const register of [...rooms, ...publishers]) await register(registry);
  return registry;
}

/** Runs in this process over the example Hub, each name with a store, cache and output of its own. */
export class Bench {
  readonly hub: ExampleHub;
  readonly registry: Registry;
  readonly name: string;
  readonly store: ObjectStore;

  /** @param location Address of the store. Default: a folder beside the run's others. */
  static async open(hub: ExampleHub, name: string, location?: string): Promise<Bench> {
    const registry = await fullRegistry();
    const folder = join(hub.work, name);
    await mkdir(folder, { recursive: true });
    return new Bench(hub, registry, name, await openStore(location ?? join(folder, 'store'), registry));
  }

  private constructor(hub: ExampleHub, registry: Registry, name: string, store: ObjectStore) {
    this.hub = hub;
    this.registry = registry;
    this.name = name;
    this.store = store;
  }

  get folder(): string {
    return join(this.hub.work, this.name);
  }

  get out(): string {
    return join(this.folder, 'merged');
  }

  get hubOptions(): { hubUrl: string; cacheDir: string; token: string } {
    return { hubUrl: this.hub.url, cacheDir: join(this.folder, 'cache'), token: 'hf_you' };
  }

  parse(recipe: string): Recipe {
    return parseRecipe(recipe, { registry: this.registry, hub: this.hub.url, base: 'later' });
  }

  async create(recipe: string, options: { fresh?: boolean } = {}): Promise<string> {
    const { id } = await createRun({
      store: this.store,
      recipe: this.parse(recipe),
      options: { out: this.out, hubUrl: this.hub.url, workingDirectory: this.folder },
      ...options,
    });
    return id;
  }

  async execute(
    runId: string,
    options: Partial<Omit<ExecutionOptions, 'hub'>> & { token?: string | undefined; hub?: Partial<HubOptions> } = {},
  ): Promise<RunReport> {
    const { token, hub, ...rest } = { token: 'hf_you', ...options };
    return await executeRun({
      store: this.store,
      runId,
      registry: this.registry,
      hub: { ...this.hubOptions, token, ...hub },
      workspace: join(this.folder, 'work'),
      workers: 1,
      ...rest,
    });
  }

  async run(recipe: string, options: Parameters<Bench['execute']>[1] = {}): Promise<RunReport> {
    return await this.execute(await this.create(recipe), options);
  }

  /** Writes files below the folder that relative paths start at. */
  async write(files: Readonly<Record<string, string>>): Promise<void> {
    for (const [path, content] of Object.entries(files)) {
      const file = join(this.folder, path);
      await mkdir(join(file, '..'), { recursive: true });
      await writeFile(file, content);
    }
  }
}
