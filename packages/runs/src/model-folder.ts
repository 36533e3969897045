import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';
import { MANIFEST_FILE } from '@hubfuse/hub';
import { RunError } from '@hubfuse/plugin';
import type { RunSpec } from './run.ts';

/** Where a run builds its model and where the model appears. */
export interface ModelFolder {
  /** Final name: exists only whole and verified. */
  final: string;
  /**
   * Beside the final name, on the same file system, so that it can be renamed to it. Each execution of a run has its own: a
   * process that has lost the run finds its folder gone.
   */
  temporary: string;
  /** An earlier model of the final name, while it is being replaced. */
  replaced: string;
}

/** Folders of an execution of a run: those of its `out`, or below the workspace where it has none. */
export function modelFolder(options: {
  spec: Pick<RunSpec, 'id' | 'options'>;
  workspace: string;
  /** Number of the execution, from 1. */
  attempt: number;
}): ModelFolder {
  const { spec, workspace, attempt } = options;
  const final = spec.options.out ?? join(workspace, 'models', spec.id);
  const beside = (word: string) => join(dirname(final), `.${basename(final)}.${spec.id}.${word}`);
  return { final, temporary: beside(`${PARTIAL}-${attempt}`), replaced: beside('replaced') };
}

const PARTIAL = 'partial';

/**
 * Takes up what earlier executions of the run have built on this disk: the latest of their folders becomes this one's, and
 * others go. A process that still writes there has its open files and reaches no name any more. Folders of later executions, which
 * took the run over while this process stood still, stay.
 */
export async function takeUpPartial(folder: ModelFolder): Promise<void> {
  const [latest, ...others] = await partialsUpTo(folder);
  if (latest !== undefined && latest !== folder.temporary) await rename(latest, folder.temporary);
  for (const other of others) await rm(other, { recursive: true, force: true });
}

/** Folders that executions of the run build in. */
export async function partialsOf(folder: ModelFolder): Promise<string[]> {
  return (await findPartials(folder)).map(({ path }) => path);
}

/** Those of this execution and of earlier ones, the latest first. */
async function partialsUpTo(folder: ModelFolder): Promise<string[]> {
  const own = attemptOf(folder, basename(folder.temporary)) ?? 0;
  return (await findPartials(folder))
    .filter(({ attempt }) => attempt <= own)
    .sort((a, b) => b.attempt - a.attempt)
    .map(({ path }) => path);
}

async function findPartials(folder: ModelFolder): Promise<{ path: string; attempt: number }[]> {
  const parent = dirname(folder.temporary);
  const names = await readdir(parent).catch(() => []);
  return names.flatMap((name) => {
    const attempt = attemptOf(folder, name);
    return attempt === undefined ? [] : [{ path: join(parent, name), attempt }];
  });
}

/** The number of the execution whose folder has a name; undefined where it is none of the run's. */
function attemptOf({ temporary }: ModelFolder, name: string): number | undefined {
  const stem = basename(temporary).replace(/-\d+$/, '');
  if (name === stem) return 0;
  const attempt = name.startsWith(`${stem}-`) ? Number(name.slice(stem.length + 1)) : Number.NaN;
  return Number.isInteger(attempt) ? attempt : undefined;
}

/**
 * Refuses a final name that a model must not take: a folder with files that are not of an earlier model, a file, or one of the inputs.
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
  const facts = await stat(final).catch(({ code }: NodeJS.ErrnoException) => code);
  if (facts === 'ENOTDIR') {
    throw new RunError({
      code: 'run/out-not-ours',
      where: final,
      message: 'a file stands where one of the folders above the merged model should',
      hint: 'choose another folder for the output',
    });
  }
  if (typeof facts !== 'object') return;
  if (!facts.isDirectory()) {
    throw new RunError({
      code: 'run/out-not-ours',
      where: final,
      message: 'a file stands where the merged model should',
      hint: 'choose another folder for the output, or remove the file',
    });
  }
  const [first, ...others] = await foreignFiles(final);
  if (first === undefined) return;
  const more = others.length === 0 ? '' : ` and ${others.length} more`;
  throw new RunError({
    code: 'run/out-not-ours',
    where: final,
    message: `the folder holds ${first}${more}, which hubfuse did not write and a new model would replace`,
    hint: 'choose another folder for the output, or move what is to be kept',
  });
}

/** What file browsers leave behind. */
const LEAVINGS = ['.DS_Store', 'Thumbs.db', 'desktop.ini'];

/** The files of a folder that are not those of the model that hubfuse made there, sorted. */
async function foreignFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  const manifest = await readFile(join(folder, MANIFEST_FILE), 'utf8').catch(() => undefined);
  const outputs = manifest === undefined ? undefined : readOutputs(manifest);
  const own = outputs === undefined ? [] : ['README.md', MANIFEST_FILE, ...outputs];
  return entries
    .filter((entry) => !entry.isDirectory() && !LEAVINGS.includes(entry.name))
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll(sep, '/'))
    .filter((path) => !own.includes(path))
    .sort();
}

/** A manifest of any version lists its files. Undefined where it cannot be read: then nothing says what is whose. */
function readOutputs(text: string): string[] | undefined {
  try {
    const { outputs } = JSON.parse(text) as { outputs: { path: string }[] };
    return outputs.map(({ path }) => path);
  } catch {
    return undefined;
  }
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
export async function takeFinalName(folder: ModelFolder): Promise<void> {
  const { final, temporary, replaced } = folder;
  if (existsSync(temporary)) {
    await mkdir(dirname(final), { recursive: true });
    if (existsSync(final)) {
      await checkFinalFolder(final, []);
      await rm(replaced, { recursive: true, force: true });
      await rename(final, replaced);
    }
    try {
      await rename(temporary, final);
    } catch (error) {
      // The next owner took the folder away while this process stood still: what had its final name has it again.
      await rename(replaced, final).catch(() => undefined);
      throw error;
    }
  }
  if (!existsSync(final) && existsSync(replaced)) await rename(replaced, final);
  for (const left of [replaced, ...(await partialsUpTo(folder))]) await rm(left, { recursive: true, force: true });
}
