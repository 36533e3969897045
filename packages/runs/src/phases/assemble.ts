import { join } from 'node:path';
import { MANIFEST_FILE, type Manifest, renderCard, renderManifest } from '@hubfuse/hub';
import { toJson } from '@hubfuse/objects';
import { writeWhole } from '@hubfuse/tensors';
import { removeAbandoned } from '../abandoned-folders.ts';
import { runKeys } from '../keys.ts';
import { localInputs, NO_WEIGHTS } from '../local-inputs.ts';
import { requirePartial, takeFinalName } from '../model-folder.ts';
import type { Phase, PhaseContext } from '../phase.ts';
import { cardOfRun } from '../publication/card-of-run.ts';
import { addOnnx, removeLeftovers, verifyWeights } from '../publication/complete-folder.ts';
import { keepFiles } from '../publication/keep-files.ts';
import { manifestOfRun } from '../publication/manifest-of-run.ts';
import { namedBefore } from '../publication/named-before.ts';
import { writeSearchFiles } from '../publication/write-search-files.ts';
import type { ScoreTable } from '../report.ts';
import { storedPlan } from '../stored-plan.ts';
import type { EvaluateOutput } from './evaluate.ts';
import type { GateOutput } from './gate.ts';
import type { GatherOutput } from './gather.ts';
import type { MergeOutput } from './merge.ts';

/** Where the model stands and what it is. */
export interface AssembleOutput {
  folder: string;
  manifest: Manifest;
}

/** Makes a Hub folder of the merged model: graph, manifest and card. It takes its final name when all is verified. */
const assemble: Phase = {
  name: 'assemble',
  async run(context) {
    const { spec, execution, folder } = context;
    const manifest =
      (await namedBefore({ folder, store: execution.store, runId: spec.id })) ??
      (await complete(context, folder.temporary));
    await context.confirm();
    await takeFinalName(folder);
    for (const id of await removeAbandoned({ store: execution.store, folder, runId: spec.id })) {
      const message = `removed what the interrupted run ${id} left for the same folder`;
      await context.event({ type: 'warning', code: 'run/abandoned', message });
    }
    await context.artefact({ name: 'model', kind: 'folder', location: folder.final });
    await keepFiles(context, folder.final);
    const output: AssembleOutput = { folder: folder.final, manifest };
    return { output };
  },
};

async function complete(context: PhaseContext, folder: string): Promise<Manifest> {
  const { spec, execution, hub, signal } = context;
  const { registry, store } = execution;
  const plan = await storedPlan(store, spec.id);
  const { weights, statistics } = context.output<MergeOutput>('merge');
  const scores = plan.recipe.evaluate === undefined ? undefined : evaluated(context);
  const gate = plan.phases.includes('gate') ? context.output<GateOutput>('gate').gate : undefined;
  requirePartial(folder);
  await removeLeftovers(folder);
  await verifyWeights(folder, plan.merge);
  const onnx = plan.merge.tasks === undefined ? await addOnnx({ folder, registry, signal }) : { files: [] };
  if ('missing' in onnx) {
    const { code, summary } = onnx.missing;
    await context.event({ type: 'warning', code, message: `no onnx/model.onnx for transformers.js: ${summary}` });
  }
  const search = await writeSearchFiles({ context, plan, folder, scores });
  const manifest = await manifestOfRun({
    spec,
    plan,
    folder,
    known: [...weights, ...('files' in onnx ? onnx.files : [])],
    inputFolders: (await localInputs(context, plan, NO_WEIGHTS)).folders,
    scores,
    gate,
    statistics: plan.statistics === undefined ? undefined : (statistics ?? context.output<GatherOutput>('gather').used),
    search,
    signal,
  });
  const hasOnnx = 'files' in onnx && onnx.files.length > 0;
  const card = cardOfRun({ plan, manifest, scores, gate, search, onnx: hasOnnx, hubUrl: hub.hubUrl, registry });
  await writeWhole(join(folder, 'README.md'), (handle) => handle.writeFile(renderCard(card)));
  await store.put(runKeys(spec.id).manifest, toJson(manifest));
  await writeWhole(join(folder, MANIFEST_FILE), (handle) => handle.writeFile(renderManifest(manifest)));
  return manifest;
}

function evaluated(context: PhaseContext): ScoreTable {
  return context.output<EvaluateOutput>('evaluate').table;
}

export default assemble;
