/** Runs as the service answers them: one of each kind that a page has to show. */

const DAY = '2026-11-30T';
const COMMIT = '3f9a1c0b7d5e2468ace013579bdf02468ace1357';

function phases(names: readonly string[], done: number, running = false) {
  return names.map((name, index) => ({
    name,
    status: index < done ? 'done' : index === done && running ? 'running' : 'waiting',
    ...(index < done || (index === done && running)
      ? { startedAt: `${DAY}08:${String(10 + index).padStart(2, '0')}:00.000Z` }
      : {}),
    ...(index < done ? { endedAt: `${DAY}08:${String(10 + index).padStart(2, '0')}:48.000Z` } : {}),
  }));
}

const PARENTS = ['hubfuse-examples/intents-money', 'hubfuse-examples/intents-home', 'hubfuse-examples/intents-travel'];
const MODELS = [
  { role: 'base', name: 'hubfuse-examples/intents-base', revision: COMMIT },
  ...PARENTS.map((name, index) => ({ role: 'model', name, revision: `${index}${COMMIT.slice(1)}` })),
];

const DATASETS = ['money', 'home', 'travel'];

function split(values: readonly number[]) {
  return {
    datasets: Object.fromEntries(DATASETS.map((name, index) => [name, values[index]])),
    mean: values.reduce((sum, value) => sum + value, 0) / values.length,
  };
}

export const SCORES = {
  task: 'text-classification',
  metric: 'accuracy',
  datasets: DATASETS.map((name) => ({ name, domain: 'in', examples: { dev: 600, test: 1500 } })),
  rows: [
    { name: 'support-intents', role: 'merged', dev: split([0.921, 0.908, 0.884]), test: split([0.914, 0.902, 0.879]) },
    { name: PARENTS[0], role: 'parent', dev: split([0.934, 0.412, 0.388]), test: split([0.928, 0.405, 0.381]) },
    { name: PARENTS[1], role: 'parent', dev: split([0.401, 0.922, 0.366]), test: split([0.396, 0.917, 0.372]) },
    { name: PARENTS[2], role: 'parent', dev: split([0.377, 0.395, 0.911]), test: split([0.371, 0.39, 0.905]) },
    { name: MODELS[0]?.name, role: 'base', dev: split([0.312, 0.298, 0.305]), test: split([0.309, 0.301, 0.297]) },
    { name: 'average', role: 'average', dev: split([0.803, 0.771, 0.742]), test: split([0.797, 0.768, 0.739]) },
  ],
};

function side(text: string, value: number) {
  return { text, value, figures: Number.isNaN(Number(text)) ? { [text]: value } : {} };
}

export function gate(met: boolean) {
  const bar = met ? 0.578 : 0.94;
  return {
    condition: 'mean > best_parent and better(mean, published)',
    met,
    comparisons: [
      { text: 'mean > best_parent', met, operator: '>', left: side('mean', 0.904), right: side('best_parent', bar) },
      {
        text: 'better(mean, published)',
        met: true,
        operator: 'better',
        left: side('mean', 0.904),
        right: side('published', 0.892),
        difference: {
          left: 'mean',
          right: 'published',
          value: 0.0123,
          low: 0.0041,
          high: 0.0205,
          scores: { left: 0.904, right: 0.892 },
        },
      },
    ],
    explanation: `mean 0.9043 > best_parent ${bar}: ${met ? 'met' : 'not met'}; better(mean, published): met`,
  };
}

export const PLAN = {
  name: 'support-intents',
  method: 'pcb',
  models: MODELS.map((model) => ({ ...model, reference: model.name, bytes: 267_844_284 })),
  data: DATASETS.flatMap((dataset) => [
    { dataset, split: 'dev', repo: 'hubfuse-examples/clinc150', revision: COMMIT, path: `${dataset}/dev.jsonl` },
    { dataset, split: 'test', repo: 'hubfuse-examples/clinc150', revision: COMMIT, path: `${dataset}/test.jsonl` },
  ]),
  phases: ['fetch', 'merge', 'evaluate', 'gate', 'assemble', 'publish'],
  bytes: { download: 1_071_377_136, output: 267_844_284 },
  parameters: 66_955_010,
  passes: 3,
  outputs: [{ path: 'model.safetensors', size: 133_922_142 }],
  tensors: { method: 98, average: 0, labels: 2, copy: 4 },
  time: {
    machine: 'g6.xlarge',
    seconds: { low: 112, expected: 342, high: 1140 },
    phases: [
      { phase: 'start', seconds: { low: 60, expected: 180, high: 540 }, measured: false, note: 'an assumption' },
      { phase: 'fetch', seconds: { low: 4, expected: 12, high: 36 }, measured: false, note: 'download at 300 MB/s' },
      { phase: 'merge', seconds: { low: 8, expected: 30, high: 64 }, measured: true, note: 'pcb' },
      { phase: 'evaluate', seconds: { low: 40, expected: 120, high: 500 }, measured: true, note: '5 models' },
    ],
    unknown: [],
  },
  cost: {
    launcher: 'aws-batch',
    machine: 'g6.xlarge',
    usd: { low: 0.026, expected: 0.1, high: 0.28 },
    verified: false,
    items: [
      {
        what: 'g6.xlarge, Linux, on demand',
        unit: 'hour',
        quantity: { low: 0.03, expected: 0.095, high: 0.32 },
        usd: { low: 0.025, expected: 0.076, high: 0.25 },
        verified: true,
        source: 'https://prices.example/list',
        date: '2026-11-01',
      },
      {
        what: 'transfer out to the Internet',
        unit: 'GB',
        quantity: { low: 0, expected: 0.27, high: 0.27 },
        usd: { low: 0, expected: 0.024, high: 0.024 },
        verified: false,
      },
    ],
    note: 'at on-demand prices of us-east-1',
  },
  licence: { licence: 'apache-2.0', findings: [] },
  warnings: [
    {
      code: 'plan/labels',
      message: 'the labels of intents-travel are LABEL_0 to LABEL_29 and are matched by position',
    },
  ],
};

const RECIPE = `name: support-intents
merge_method: pcb
base_model: hubfuse-examples/intents-base
models:
  - hubfuse-examples/intents-money
  - hubfuse-examples/intents-home
  - hubfuse-examples/intents-travel
parameters: {ratio: 0.1}
`;

const ALL_PHASES = ['resolve', 'fetch', 'merge', 'evaluate', 'gate', 'assemble', 'publish'];

function run(fields: { id: string; name: string; state: string; updatedAt: string } & Record<string, unknown>) {
  return {
    attempts: 1,
    createdAt: `${DAY}08:10:00.000Z`,
    origin: { trigger: 'http', ancestry: [] },
    method: 'pcb',
    models: MODELS,
    recipe: RECIPE,
    plan: PLAN,
    phases: phases(ALL_PHASES, 0),
    ...fields,
  };
}

/** Every run by its id. */
export function fixtureRuns() {
  return new Map(
    [
      run({
        id: 'support-intents-live',
        name: 'support-intents',
        state: 'merging',
        phase: 'merge',
        phases: phases(ALL_PHASES, 2, true),
        cost: {
          ...{ launcher: 'aws-batch', machine: 'g6.xlarge', spentUsd: 0.043, verified: false, limitUsd: 0.5 },
          estimatedUsd: { low: 0.026, expected: 0.1, high: 0.28 },
        },
        progress: { phase: 'merge', label: 'encoder.layer.4', done: 41, total: 104, unit: 'steps' },
        origin: {
          trigger: 'webhook',
          ancestry: [],
          recipe: { name: 'support-intents', etag: 'a1' },
          cause: { type: 'model', repo: PARENTS[0], ref: 'refs/heads/main', sha: COMMIT },
        },
        updatedAt: `${DAY}08:14:00.000Z`,
      }),
      run({
        id: 'support-intents-done',
        name: 'support-intents',
        state: 'done',
        phases: phases(ALL_PHASES, ALL_PHASES.length),
        scores: SCORES,
        gate: gate(true),
        published: [
          {
            publisher: 'hub',
            url: 'https://huggingface.co/you/support-intents/discussions/4',
            revision: COMMIT,
            already: false,
            as: 'pull_request',
          },
        ],
        origin: {
          trigger: 'webhook',
          ancestry: [],
          recipe: { name: 'support-intents', etag: 'a1' },
          cause: { type: 'model', repo: PARENTS[1], ref: 'refs/heads/main', sha: COMMIT },
        },
        updatedAt: `${DAY}07:52:00.000Z`,
      }),
      run({
        id: 'evolved-intents',
        name: 'evolved-intents',
        state: 'done',
        method: 'evolver',
        phases: phases(['resolve', 'fetch', 'search', 'evaluate', 'gate', 'assemble'], 6),
        scores: SCORES,
        gate: gate(false),
        published: [],
        updatedAt: `${DAY}06:02:00.000Z`,
      }),
      run({
        id: 'broken-merge',
        name: 'broken-merge',
        state: 'failed',
        phase: 'fetch',
        phases: phases(ALL_PHASES, 1, true),
        error: {
          code: 'hub/gated',
          message: 'the repository hubfuse-examples/intents-travel asks for its terms to be accepted',
          hint: 'accept them on its page with the account of the token, then retry',
        },
        updatedAt: '2026-11-29T17:20:00.000Z',
      }),
      run({
        id: 'waiting-merge',
        name: 'waiting-merge',
        state: 'queued',
        method: 'linear',
        updatedAt: `${DAY}08:12:00.000Z`,
      }),
      run({
        id: 'stopped-merge',
        name: 'stopped-merge',
        state: 'cancelled',
        phases: phases(ALL_PHASES, 2),
        updatedAt: '2026-11-27T09:00:00.000Z',
      }),
    ].map((one) => [one.id, one as Record<string, unknown> & { id: string; name: string; state: string }]),
  );
}

const ENVIRONMENT = { accepted: true, examples: 600, total: 1800 };

/** Events of a run, in the order in which they came. */
export function fixtureEvents(id: string): Record<string, unknown>[] {
  const bodies: Record<string, unknown>[] = [
    { type: 'started', attempt: 1 },
    { type: 'phase-started', phase: 'resolve' },
    ...MODELS.map(({ role, name, revision }) => ({ type: 'pinned', role, name, revision })),
    { type: 'warning', code: 'plan/labels', message: PLAN.warnings[0]?.message },
    { type: 'phase-done', phase: 'resolve', seconds: 3.2 },
    { type: 'phase-started', phase: 'fetch' },
    { type: 'phase-done', phase: 'fetch', seconds: 48.1 },
  ];
  if (id === 'evolved-intents') bodies.push(...searchEvents());
  if (id === 'support-intents-done' || id === 'evolved-intents') {
    bodies.push(
      { type: 'scored', name: 'support-intents', split: 'dev', mean: 0.9043, cached: false },
      { type: 'gate', gate: gate(id === 'support-intents-done') },
      { type: 'artefact', artefact: { name: 'model', kind: 'folder', location: '' } },
      { type: 'done', published: id === 'support-intents-done' },
    );
  }
  if (id === 'broken-merge')
    bodies.push({
      type: 'failed',
      error: { code: 'hub/gated', message: 'the repository asks for its terms to be accepted' },
    });
  if (id === 'stopped-merge') bodies.push({ type: 'cancelled' });
  if (id === 'waiting-merge') return [];
  return bodies.map((body, index) => ({
    number: index + 1,
    time: new Date(Date.parse(`${DAY}08:10:00.000Z`) + index * 1700).toISOString(),
    ...body,
  }));
}

/** A search whose candidates get better; the same on every call. */
function searchEvents(): Record<string, unknown>[] {
  const spent = { evaluations: 1, examples: 600, examplesInFull: 1800, seconds: 4 };
  let noise = 7;
  const random = () => {
    noise = (noise * 16_807) % 2_147_483_647;
    return noise / 2_147_483_647;
  };
  let best = 0.742;
  const events: Record<string, unknown>[] = [
    {
      type: 'search',
      search: {
        type: 'initial',
        record: { name: 'merged', verdict: { ...ENVIRONMENT, score: best }, seconds: 5 },
        spent,
      },
    },
  ];
  for (let number = 0; number < 72; number++) {
    const score = best + (random() - 0.66) * 0.06 * (1 - number / 110);
    const accepted = score > best;
    best = Math.max(best, score);
    const shown = accepted || random() > 0.35 ? { score } : {};
    const record = {
      number,
      generation: Math.floor(number / 6),
      accepted,
      verdict: { ...ENVIRONMENT, accepted, ...shown },
      seconds: 2,
    };
    events.push({
      type: 'search',
      search: { type: 'candidate', record, best, mean: best - 0.012 - 0.02 * random(), spent },
    });
  }
  const none = { candidates: 0, examples: 0, total: 0 };
  const examples = { accepted: none, rejected: none };
  events.push({ type: 'search', search: { type: 'ended', reason: 'generations', best, spent, examples } });
  return events;
}
