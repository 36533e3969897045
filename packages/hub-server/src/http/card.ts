import { parse } from 'yaml';
import type { Commit, CommittedFile } from '../storage/commit.ts';
import type { Repository } from '../storage/repository.ts';

/** What README.md and config.json of a revision say about the repository. */
export interface CardFacts {
  /** The front matter of README.md; undefined where there is none or it is not YAML. */
  cardData: Record<string, unknown> | undefined;
  /** Free tags and those that the Hub derives (`license:mit`, `base_model:...`). */
  tags: string[];
  pipelineTag: string | undefined;
  libraryName: string | undefined;
  /** `architectures` and `model_type` of config.json. */
  config: Record<string, unknown> | undefined;
}

/** Larger files are no cards and no configurations. */
const MAX_READ_BYTES = 4_000_000;

export async function readCard(repository: Repository, commit: Commit): Promise<CardFacts> {
  const cardData = frontMatter(await readText(repository, commit, 'README.md'));
  const config =
    repository.type === 'model' ? parseConfig(await readText(repository, commit, 'config.json')) : undefined;
  const pipelineTag = string(cardData?.pipeline_tag) ?? taskOf(config);
  const libraryName = string(cardData?.library_name) ?? (config === undefined ? undefined : 'transformers');
  return {
    cardData,
    config,
    pipelineTag,
    libraryName,
    tags: tagsOf({ cardData, config, commit, pipelineTag, libraryName }),
  };
}

/** The text between the two `---` at the beginning of a card. */
export function yamlOf(text: string | undefined): string | undefined {
  return /^\s*---\r?\n([\s\S]*?)\r?\n---\s*(?:\r?\n|$)/.exec(text ?? '')?.[1];
}

/** The front matter of a card as data. */
export function frontMatter(text: string | undefined): Record<string, unknown> | undefined {
  const yaml = yamlOf(text);
  if (yaml === undefined) return undefined;
  try {
    const data: unknown = parse(yaml, { maxAliasCount: 100, logLevel: 'silent' });
    return typeof data === 'object' && data !== null && !Array.isArray(data)
      ? (data as Record<string, unknown>)
      : undefined;
  } catch {
    // The Hub shows a repository with a broken card as one without card data.
    return undefined;
  }
}

/** The text of a small file, or undefined where it is not there. */
export async function readText(repository: Repository, commit: Commit, path: string): Promise<string | undefined> {
  const file = commit.files.find((candidate) => candidate.path === path);
  if (file === undefined || file.size > MAX_READ_BYTES) return undefined;
  return (await repository.blobs.read(file.sha256)).toString('utf8');
}

function parseConfig(text: string | undefined): Record<string, unknown> | undefined {
  if (text === undefined) return undefined;
  try {
    const { architectures, model_type } = JSON.parse(text) as Record<string, unknown>;
    return {
      ...(architectures === undefined ? {} : { architectures }),
      ...(model_type === undefined ? {} : { model_type }),
    };
  } catch {
    return undefined;
  }
}

const TASKS: readonly (readonly [ending: string, task: string])[] = [
  ['ForSequenceClassification', 'text-classification'],
  ['ForTokenClassification', 'token-classification'],
  ['ForMaskedLM', 'fill-mask'],
  ['ForQuestionAnswering', 'question-answering'],
  ['ForCausalLM', 'text-generation'],
  ['ForImageClassification', 'image-classification'],
];

function taskOf(config: Record<string, unknown> | undefined): string | undefined {
  const architecture = Array.isArray(config?.architectures) ? String(config.architectures[0]) : '';
  return TASKS.find(([ending]) => architecture.endsWith(ending))?.[1];
}

function tagsOf(facts: Omit<CardFacts, 'tags'> & { commit: Commit }): string[] {
  const { cardData, config, commit, pipelineTag, libraryName } = facts;
  const tags = new Set<string>();
  if (libraryName !== undefined) tags.add(libraryName);
  if (has(commit, '.safetensors')) tags.add('safetensors');
  if (has(commit, '.onnx')) tags.add('onnx');
  const modelType = string(config?.model_type);
  if (modelType !== undefined) tags.add(modelType);
  if (pipelineTag !== undefined) tags.add(pipelineTag);
  for (const tag of strings(cardData?.tags)) tags.add(tag);
  for (const language of strings(cardData?.language)) tags.add(language);
  for (const dataset of strings(cardData?.datasets)) tags.add(`dataset:${dataset}`);
  const relation = string(cardData?.base_model_relation);
  for (const base of strings(cardData?.base_model)) {
    tags.add(`base_model:${base}`);
    if (relation !== undefined) tags.add(`base_model:${relation}:${base}`);
  }
  for (const license of strings(cardData?.license)) tags.add(`license:${license}`);
  return [...tags];
}

function has(commit: Commit, ending: string): boolean {
  return commit.files.some((file: CommittedFile) => file.path.endsWith(ending));
}

function string(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function strings(value: unknown): string[] {
  return (Array.isArray(value) ? value : [value]).filter((item): item is string => typeof item === 'string');
}
