import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EvaluationError, type TaskTokenizer } from '@hubfuse/plugin';
import type { PreTrainedTokenizer } from '@huggingface/transformers';

/** Distinct words whose ids are kept, so that frequent words are tokenised once. */
const REMEMBERED_WORDS = 50_000;

/**
 * Cuts and joins as Python's `tokenizers` do, which transformers.js does not: its truncation drops the closing special
 * tokens, and it cannot take words that are split already.
 */
export class PythonLikeTokenizer implements TaskTokenizer {
  /** Id that fills the end of shorter examples. Attention is masked there. */
  readonly padId: number;
  readonly #tokenizer: PreTrainedTokenizer;
  readonly #maxLength: number;
  readonly #habits: Habits;
  readonly #words = new Map<string, readonly number[]>();
  #single: Template | undefined;
  #pair: PairTemplate | undefined;

  private constructor(tokenizer: PreTrainedTokenizer, maxLength: number, habits: Habits) {
    this.#tokenizer = tokenizer;
    this.#maxLength = maxLength;
    this.#habits = habits;
    this.padId = tokenizer.pad_token_id ?? 0;
  }

  /**
   * @param folder Absolute path of a folder with tokenizer.json and tokenizer_config.json.
   * @param maxLength Most tokens of an example, special tokens included.
   * @throws EvaluationError `evaluate/model-file` where tokenizer.json is no JSON
   */
  static async open(folder: string, maxLength: number): Promise<PythonLikeTokenizer> {
    // Read before transformers.js does, whose message would name no file.
    const description = await readDescription(join(folder, 'tokenizer.json'));
    const { AutoTokenizer } = await import('@huggingface/transformers');
    const tokenizer = await AutoTokenizer.from_pretrained(folder, { local_files_only: true });
    return new PythonLikeTokenizer(tokenizer, maxLength, habitsOf(description));
  }

  encodeText(text: string, pair?: string): { ids: number[]; typeIds?: number[]; cut: number } {
    const first = this.#bare(text);
    if (pair !== undefined) return this.#encodePair(first, this.#bare(pair));
    const { before, after } = this.#singleTemplate();
    const room = this.#maxLength - before.length - after.length;
    return { ids: [...before, ...first.slice(0, room), ...after], cut: Math.max(0, first.length - room) };
  }

  encodeWords(words: readonly string[]): { ids: number[]; positions: number[]; cut: number } {
    const { before, after } = this.#singleTemplate();
    const room = this.#maxLength - before.length - after.length;
    const tokens: number[] = [];
    const positions: number[] = [];
    for (const [index, word] of words.entries()) {
      const ids = this.#word(this.#habits.spaceBeforeWords && index > 0 ? ` ${word}` : word);
      positions.push(ids.length > 0 && tokens.length < room ? before.length + tokens.length : -1);
      tokens.push(...ids);
    }
    return { ids: [...before, ...tokens.slice(0, room), ...after], positions, cut: Math.max(0, tokens.length - room) };
  }

  #encodePair(first: readonly number[], second: readonly number[]): { ids: number[]; typeIds: number[]; cut: number } {
    const { before, between, after, types } = this.#pairTemplate();
    const room = this.#maxLength - before.length - between.length - after.length;
    // Python's encoder stops each text at the longest length, or where a word crosses it at the word's end, before it
    // shares the room. That end is not looked for: where both texts are too long, it can only move one token.
    const [one, two] = shareRoom(
      Math.min(first.length, this.#maxLength),
      Math.min(second.length, this.#maxLength),
      room,
    );
    const parts = [before, first.slice(0, one), between, second.slice(0, two), after];
    const typeIds = parts.flatMap((part, place) => part.map(() => (this.#habits.oneSegment ? 0 : (types[place] ?? 0))));
    return { ids: parts.flat(), typeIds, cut: first.length + second.length - one - two };
  }

  #bare(text: string): number[] {
    return this.#tokenizer(text, { add_special_tokens: false, return_tensor: false }).input_ids;
  }

  #word(word: string): readonly number[] {
    const known = this.#words.get(word);
    if (known !== undefined) return known;
    const ids = this.#bare(word);
    if (this.#words.size < REMEMBERED_WORDS) this.#words.set(word, ids);
    return ids;
  }

  /** The special tokens around a text, found by encoding one with and without them. */
  #singleTemplate(): Template {
    if (this.#single !== undefined) return this.#single;
    const probe = this.#probe();
    const { input_ids: ids } = this.#tokenizer(probe.text, { return_tensor: false });
    const start = find(ids, probe.ids, 0);
    this.#single = { before: ids.slice(0, start), after: ids.slice(start + probe.ids.length) };
    if (this.#maxLength <= ids.length - probe.ids.length) throw this.#unusable(`no token fits in ${this.#maxLength}`);
    return this.#single;
  }

  #pairTemplate(): PairTemplate {
    if (this.#pair !== undefined) return this.#pair;
    const probe = this.#probe();
    const encoded = this.#tokenizer(probe.text, {
      text_pair: probe.text,
      return_tensor: false,
      return_token_type_ids: true,
    });
    const ids = encoded.input_ids;
    const one = find(ids, probe.ids, 0);
    const between = one + probe.ids.length;
    const two = find(ids, probe.ids, between);
    const after = two + probe.ids.length;
    this.#pair = {
      before: ids.slice(0, one),
      between: ids.slice(between, two),
      after: ids.slice(after),
      types: [0, one, between, two, after].map((at) => encoded.token_type_ids?.[Math.min(at, ids.length - 1)] ?? 0),
    };
    return this.#pair;
  }

  #probe(): { text: string; ids: number[] } {
    for (const text of ['a', 'the', '1', '.']) {
      const ids = this.#bare(text);
      if (ids.length > 0) return { text, ids };
    }
    throw this.#unusable('it gives no tokens for "a", "the", "1" or "."');
  }

  #unusable(why: string): EvaluationError {
    return new EvaluationError({ code: 'evaluate/tokenizer', message: `the tokenizer cannot be used: ${why}` });
  }
}

interface Template {
  before: readonly number[];
  after: readonly number[];
}

interface PairTemplate extends Template {
  between: readonly number[];
  /** Segment of: before, first text, between, second text, after. */
  types: readonly number[];
}

function find(ids: readonly number[], part: readonly number[], from: number): number {
  for (let start = from; start + part.length <= ids.length; start++) {
    if (part.every((id, offset) => ids[start + offset] === id)) return start;
  }
  throw new EvaluationError({
    code: 'evaluate/tokenizer',
    message: 'the tokenizer cannot be used: special tokens change the tokens of the text between them',
  });
}

/** Longest first, with the arithmetic of `truncate_encodings` in Hugging Face tokenizers (utils/truncation.rs). */
function shareRoom(first: number, second: number, room: number): [number, number] {
  if (first + second <= room) return [first, second];
  const short = Math.min(first, second);
  let [less, more] = [short, short > room ? short : Math.max(short, room - short)];
  if (less + more > room) {
    less = Math.floor(room / 2);
    more = less + (room % 2);
  }
  return first <= second ? [less, more] : [more, less];
}

interface Step {
  type?: string;
  add_prefix_space?: boolean;
  pretokenizers?: Step[];
  processors?: Step[];
}

interface TokenizerFile {
  pre_tokenizer?: Step | null;
  post_processor?: Step | null;
}

async function readDescription(path: string): Promise<TokenizerFile> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as TokenizerFile;
  } catch (cause) {
    throw new EvaluationError({
      code: 'evaluate/model-file',
      where: path,
      message: `the tokenizer cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`,
      hint: 'fetch the file again, or save the tokenizer anew',
      cause,
    });
  }
}

/** What tokenizer.json says beyond what transformers.js does. */
interface Habits {
  /** Byte-level tokenizers see word starts by the space before; unless they add it themselves, it must be given. */
  spaceBeforeWords: boolean;
  /** Pairs get no segments, where transformers.js would number them: RoBERTa has embeddings for one only. */
  oneSegment: boolean;
}

function habitsOf({ pre_tokenizer: before, post_processor: after }: TokenizerFile): Habits {
  const steps = before ? [before, ...(before.pretokenizers ?? [])] : [];
  const closing = after ? [after, ...(after.processors ?? [])] : [];
  return {
    spaceBeforeWords: steps.some((step) => step.type === 'ByteLevel' && step.add_prefix_space === false),
    oneSegment: closing.some((step) => step.type === 'RobertaProcessing'),
  };
}
