/** What an error says beside its message. */
export interface ErrorDetails {
  /** Stable machine-readable code, `<area>/<what>`, e.g. `recipe/unknown-key`. */
  code: string;
  /** One sentence that names the offending thing. */
  message: string;
  /** Where it is: a recipe path with line and column, a file, a tensor, a URL. */
  where?: string | undefined;
  /** What to do about it. */
  hint?: string | undefined;
  cause?: unknown;
}

/**
 * The root of every error that hubfuse raises on purpose. Anything else that reaches a user is a defect.
 * `message` already holds place and hint, so that printing it alone is enough.
 */
export class HubfuseError extends Error {
  readonly code: string;
  readonly where: string | undefined;
  readonly hint: string | undefined;
  /** The message without place and hint. */
  readonly summary: string;

  constructor(details: ErrorDetails) {
    const place = details.where === undefined ? '' : `${details.where}: `;
    const advice = details.hint === undefined ? '' : `\n  ${details.hint}`;
    super(`${place}${details.message}${advice}`, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = new.target.name;
    this.code = details.code;
    this.where = details.where;
    this.hint = details.hint;
    this.summary = details.message;
  }

  /** The fields that an event, a JSON line or an HTTP problem shows. */
  toJSON(): { name: string; code: string; message: string; where?: string; hint?: string } {
    return {
      name: this.name,
      code: this.code,
      message: this.summary,
      ...(this.where === undefined ? {} : { where: this.where }),
      ...(this.hint === undefined ? {} : { hint: this.hint }),
    };
  }
}

/** The command line or an API call was used wrongly. */
export class UsageError extends HubfuseError {}

/** A place in a recipe. */
export interface RecipePlace {
  /** Name of the recipe's file as the user gave it. */
  file?: string | undefined;
  /** Path of the setting, e.g. `models[0].parameters.weight`. */
  path: string;
  /** Counted from 1. */
  line?: number | undefined;
  /** Counted from 1. */
  column?: number | undefined;
}

/** What a recipe error says: `place` instead of `where` for anything that stands in the recipe's text. */
export interface RecipeErrorDetails extends ErrorDetails {
  place?: RecipePlace | undefined;
  /** Further things wrong with the same recipe. */
  others?: readonly RecipeError[];
}

/** A recipe says something that cannot be meant. One error may carry everything that was found in one reading. */
export class RecipeError extends HubfuseError {
  readonly place: RecipePlace | undefined;
  /** Everything that is wrong, in the order of importance: this error first. */
  readonly findings: readonly RecipeError[];

  constructor(details: RecipeErrorDetails) {
    super({ ...details, where: details.where ?? (details.place && placeText(details.place)) });
    this.place = details.place;
    this.findings = [this, ...(details.others ?? [])];
    if (this.findings.length > 1) this.message = this.findings.map((finding) => finding.message).join('\n');
  }

  override toJSON(): ReturnType<HubfuseError['toJSON']> & { place?: RecipePlace; findings?: unknown[] } {
    const others = this.findings.slice(1).map((finding) => finding.toJSON());
    return {
      ...super.toJSON(),
      ...(this.place === undefined ? {} : { place: this.place }),
      ...(others.length === 0 ? {} : { findings: others }),
    };
  }
}

/** `recipe.yaml:4:12 models[0].parameters.weight` */
function placeText({ file, path, line, column }: RecipePlace): string {
  if (line === undefined) return file === undefined ? path : `${file} ${path}`;
  const position = `${line}:${column ?? 1}`;
  return `${file === undefined ? `line ${position}` : `${file}:${position}`} ${path}`;
}

/** A weights file, a dtype or a value inside a tensor is not usable. */
export class TensorError extends HubfuseError {}
/** The Hub, the network or a credential refused. */
export class HubError extends HubfuseError {}
/** A plan cannot be made or executed. */
export class MergeError extends HubfuseError {}
/** An ONNX graph cannot be built, read or checked. */
export class GraphError extends HubfuseError {}
/** Data or a model cannot be scored. */
export class EvaluationError extends HubfuseError {}
/** Statistics of a model cannot be gathered, read or used. */
export class StatisticsError extends HubfuseError {}
/** A run cannot go on. */
export class RunError extends HubfuseError {}
/** An object store refused or holds something unreadable. */
export class StoreError extends HubfuseError {}
/** A plugin cannot be loaded or registers something unusable. */
export class PluginError extends HubfuseError {}
/** Memory, disk or time does not suffice. */
export class ResourceError extends HubfuseError {}

const CLASSES = {
  UsageError,
  RecipeError,
  TensorError,
  HubError,
  MergeError,
  GraphError,
  EvaluationError,
  StatisticsError,
  RunError,
  StoreError,
  PluginError,
  ResourceError,
};

/** Rebuilds an error from its `toJSON` form, as it arrives from a worker thread or another process. */
export function reviveError(value: unknown): HubfuseError {
  const fields = value as Partial<ReturnType<HubfuseError['toJSON']>>;
  const known = CLASSES[fields.name as keyof typeof CLASSES] ?? HubfuseError;
  return new known({
    code: fields.code ?? 'internal/unknown',
    message: fields.message ?? String(value),
    where: fields.where,
    hint: fields.hint,
  });
}
