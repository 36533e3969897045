import { parse } from 'yaml';
import type { CardMetadata } from './inspection.ts';

const EMPTY: CardMetadata = { baseModels: [], languages: [], datasets: [], tags: [] };

/**
 * What a model card's front matter says, as far as hubfuse reads it. A card without front matter, or with one that is no
 * YAML, says nothing: cards are written by hand and are no reason to refuse a model.
 */
export function parseCard(markdown: string): CardMetadata {
  const block = /^\uFEFF?\s*---[ \t]*\r?\n([\s\S]*?)\r?\n---[ \t]*(\r?\n|$)/.exec(markdown)?.[1];
  if (block === undefined) return EMPTY;
  let fields: Record<string, unknown>;
  try {
    const parsed: unknown = parse(block);
    if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return EMPTY;
    fields = parsed as Record<string, unknown>;
  } catch {
    return EMPTY;
  }
  const text = (key: string) => {
    const [first] = texts(fields[key]);
    return first;
  };
  const optional = {
    licence: text('license'),
    licenceName: text('license_name'),
    licenceLink: text('license_link'),
    baseModelRelation: text('base_model_relation'),
    pipelineTag: text('pipeline_tag'),
    libraryName: text('library_name'),
  };
  return {
    ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)),
    baseModels: texts(fields.base_model),
    languages: texts(fields.language),
    datasets: texts(fields.datasets),
    tags: texts(fields.tags),
  };
}

/** Fields may hold one text or a list of them. */
function texts(value: unknown): string[] {
  const values = Array.isArray(value) ? value : [value];
  return values
    .filter((item): item is string => typeof item === 'string' && item.trim() !== '')
    .map((item) => item.trim());
}
