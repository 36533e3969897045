import { copyFile, mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { writeWhole } from '@hubfuse/tensors';
import { setJsonKeys } from './json-text.ts';

/**
 * Files beside config.json that belong to a model's inputs and use. Weights, cards and exports of other formats are made
 * anew or left out; what a donor does not have is not invented.
 */
const SIDE_FILES = [
  'added_tokens.json',
  'chat_template.jinja',
  'chat_template.json',
  'feature_extractor_config.json',
  'generation_config.json',
  'merges.txt',
  'normalizer.json',
  'preprocessor_config.json',
  'processor_config.json',
  'sentencepiece.bpe.model',
  'special_tokens_map.json',
  'spiece.model',
  'spm.model',
  'tokenizer.json',
  'tokenizer.model',
  'tokenizer_config.json',
  'video_preprocessor_config.json',
  'vocab.json',
  'vocab.txt',
] as const;

const CHAT_TEMPLATES = /^(?:additional_)?chat_templates\/[^/]+\.jinja$/;

/** Whether a file is copied from the donor. */
export function isDonorFile(path: string): boolean {
  return (SIDE_FILES as readonly string[]).includes(path) || CHAT_TEMPLATES.test(path);
}

const PRECISION_KEYS = ['dtype', 'torch_dtype'] as const;

/**
 * The donor's config.json with the changes of the merge. The precision stands under `dtype` or, in files of older
 * transformers, `torch_dtype`: the donor's spelling is kept. A donor without either gets `torch_dtype`, which every
 * version reads.
 */
export function mergedConfig(options: {
  text: string;
  where: string;
  /** Keys with their new values; the precision under either spelling. */
  changes: Readonly<Record<string, unknown>>;
}): string {
  const { text, where, changes } = options;
  const { dtype, torch_dtype, ...others } = changes;
  const precision = dtype ?? torch_dtype;
  const changed = setJsonKeys(text, others, where);
  if (precision === undefined) return changed;
  const config = JSON.parse(changed) as Record<string, unknown>;
  const spellings = PRECISION_KEYS.filter((key) => key in config);
  const keys = spellings.length === 0 ? (['torch_dtype'] as const) : spellings;
  return setJsonKeys(changed, Object.fromEntries(keys.map((key) => [key, precision])), where);
}

/** Writes config.json and copies the side files of the donor. Returns the paths of all of them. */
export async function writeDonorFiles(options: {
  /** Folder with the donor's files. */
  donor: string;
  /** Paths of the donor's files. */
  files: readonly string[];
  out: string;
  changes: Readonly<Record<string, unknown>>;
}): Promise<string[]> {
  const { donor, files, out, changes } = options;
  const where = join(donor, 'config.json');
  const text = await readFile(where, 'utf8');
  const config = mergedConfig({ text, where, changes });
  await writeWhole(join(out, 'config.json'), (handle) => handle.writeFile(config));
  const copied = files.filter(isDonorFile);
  for (const path of copied) {
    await mkdir(dirname(join(out, path)), { recursive: true });
    await copyFile(join(donor, path), join(out, path));
  }
  return ['config.json', ...copied].sort();
}
