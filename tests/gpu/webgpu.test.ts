import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { prepare, variables } from '../../scripts/gpu/lavapipe.mjs';
import { environment } from '../environment.ts';
import { hubfuse } from '../support/hubfuse.ts';

const at = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const CACHE = at('node_modules/.cache/lavapipe');
const MODEL = at('examples/intents-tiny/money');
const TEXTS = at('examples/intents-tiny/data/money.test.jsonl');

interface Scored {
  environment: { provider: string };
  score: number;
  logits: number[][];
}

/** What one process says about the model on a device. */
async function score(device: string, more: Record<string, string> = {}): Promise<Scored> {
  const child = spawn(process.execPath, [at('tests/gpu/score-logits.mjs'), device, MODEL, TEXTS, '24'], {
    env: { ...process.env, ...more },
  });
  let [out, said] = ['', ''];
  child.stdout.on('data', (text) => (out += String(text)));
  child.stderr.on('data', (text) => (said += String(text)));
  const code = await new Promise((resolve) => child.on('close', resolve));
  if (code !== 0) throw new Error(`exit code ${code}: ${said}`);
  return JSON.parse(out) as Scored;
}

test.skipIf(process.platform !== 'linux')(
  'a GPU that is not there is an error that says what it takes, and no processor takes its place',
  async () => {
    const { code, stdout, stderr } = await hubfuse(
      [
        'evaluate',
        MODEL,
        '--task',
        'text-classification',
        '--data',
        TEXTS,
        '--limit',
        '4',
        '--device',
        'webgpu',
        '--json',
      ],
      { variables: { VK_ICD_FILENAMES: '/nowhere/driver.json' } },
    );
    expect(code, stderr).not.toBe(0);
    const error = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as { code: string; hint: string };
    expect(error.code).toBe('evaluate/no-device');
    expect(error.hint).toMatch(/Vulkan/);
    expect(stdout).not.toContain('accuracy');
  },
);

// It downloads some 30 MB of Debian's packages and compiles kernels for minutes on a busy machine.
const wanted = environment.soak !== undefined || environment.lavapipe === '1';
const reason = wanted ? prepare(CACHE) : '`npm run soak` runs it, and HUBFUSE_LAVAPIPE=1';
test.skipIf(reason !== undefined)(
  `a graphics card of software gives the processor's answers by WebGPU${reason === undefined ? '' : ` (skipped: ${reason})`}`,
  async () => {
    const cpu = await score('cpu');
    const gpu = await score('webgpu', variables(CACHE));
    expect([cpu.environment.provider, gpu.environment.provider]).toEqual(['cpu', 'webgpu']);
    expect(gpu.score).toBe(cpu.score);
    const differences = cpu.logits.flatMap((row, index) =>
      row.map((value, label) => Math.abs(value - (gpu.logits[index]?.[label] ?? Number.NaN))),
    );
    expect(differences.length).toBeGreaterThan(100);
    expect(Math.max(...differences)).toBeLessThan(1e-3);
  },
  900_000,
);
