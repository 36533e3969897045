import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Fault, type HubServerOptions, startHubServer } from '@hubfuse/hub-server';
import { importExamples } from '../../scripts/example-hub.mjs';

export interface ExampleHub {
  url: string;
  /** The Hub's folder. */
  folder: string;
  /** A folder of its own for everything that a test writes. */
  work: string;
  /** Variables for a process that uses this Hub, a fresh cache and fresh state. */
  variables: Record<string, string>;
  setFaults(faults: readonly Fault[]): void;
  close(): Promise<void>;
}

/** Serves the example zoo from a temporary folder. */
export async function startExampleHub(options: Pick<HubServerOptions, 'tokens' | 'jobs'> = {}): Promise<ExampleHub> {
  const work = await mkdtemp(join(tmpdir(), 'hubfuse-example-'));
  const folder = join(work, 'hub');
  await importExamples(folder);
  const server = await startHubServer({ folder, faults: [], ...options });
  return {
    url: server.url,
    folder,
    work,
    variables: {
      HF_ENDPOINT: server.url,
      HF_HOME: join(work, 'huggingface'),
      HF_TOKEN: 'hf_tester',
      HUBFUSE_HOME: join(work, 'hubfuse'),
    },
    setFaults: (faults) => server.faults?.set(faults),
    async close() {
      await server.close();
      await rm(work, { recursive: true, force: true });
    },
  };
}
