import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, sep } from 'node:path';
import { MANIFEST_FILE } from '@hubfuse/hub';
import { RunError } from '@hubfuse/plugin';
import type { RunSpec } from './run.ts';

/** Where a run builds its model and where the model appears. */
export interface ModelFolder {
  /** Final name: exists only whole and verified. */
  final: string;
  /** Beside the final name, on the same file system, so that it can be renamed to it. */
  temporary: string;
  /** An earlier model of the final name, while it is being replaced. */
  replaced: string;
}

/** Folders of a run: those of its `out`, or below the workspace where it has none. */
export function modelFolder(spec: Pick<RunSpec, 'id' | 'options'>, workspace: string): ModelFolder {
  const final = spec.options.out ?? join(workspace, 'models', spec.id);
  const beside = (word: string) => join(dirname(final), `.${basename(final)}.${spec.id}.${word}`);
  return { final, temporary: beside('partial'), replaced: beside('replaced') };
}

/**
 * Refuses a final name that a model must not take: a folder with somebody's files, a file, or one of the inputs.
 * @throws RunError `run/out-not-ours`, `run/out-is-input`.
 */
export async function checkFinalFolder(final: string, inputs: readonly string[]): Promise<void> {
  if (inputs.some((input) => input === final || input.startsWith(final + sep))) {
    throw new RunError({
      code: 'run/out-is-input',
      where: final,
      message: 'the folder for the merged model is, or holds, one of the models to merge',
      hint: 'choose another folder for the output',
    });
  }
  const facts = await stat(final).catch(() => undefined);
  if (facts === undefined) return;
  const names = facts.isDirectory() ? await readdir(final) : undefined;
  if (names?.length === 0 || names?.includes(MANIFEST_FILE)) return;
  throw new RunError({
    code: 'run/out-not-ours',
    where: final,
    message:
      names === undefined
        ? 'a file stands where the merged model should'
        : 'the folder is not empty and was not made by hubfuse',
    hint: 'choose another folder for the output, or remove this one',
  });
}

/** @throws RunError `run/partial-gone` where the folder that a run builds was removed between two executions. */
export function requirePartial(folder: string): void {
  if (existsSync(folder)) return;
  throw new RunError({
    code: 'run/partial-gone',
    where: folder,
    message: 'the folder with the merged weights is gone since the run was interrupted',
    hint: 'start a fresh run',
  });
}

/**
 * Gives a finished folder its final name. What stood there, an earlier model of hubfuse's, makes room first; a kill
 * between the steps is mended by calling this again.
 */
export async function takeFinalName({ final, temporary, replaced }: ModelFolder): Promise<void> {
  if (existsSync(temporary)) {
    await mkdir(dirname(final), { recursive: true });
    if (existsSync(final)) {
      await checkFinalFolder(final, []);
      await rm(replaced, { recursive: true, force: true });
      await rename(final, replaced);
    }
    await rename(temporary, final);
  }
  if (!existsSync(final) && existsSync(replaced)) await rename(replaced, final);
  await rm(replaced, { recursive: true, force: true });
}
