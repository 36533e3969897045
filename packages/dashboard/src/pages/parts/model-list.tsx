import { useEffect, useId, useRef } from 'preact/hooks';
import { splitPasted } from '../recipe/merge-form.ts';
import { sentence } from './problem-notice.tsx';
import { strandClass } from './strand.ts';

/**
 * A line for each model. Several addresses that are pasted at once fill as many lines; Enter begins the next line.
 * @param wrong What is wrong with a line, by its place.
 */
export function ModelList(options: {
  models: readonly string[];
  wrong: ReadonlyMap<number, string>;
  onChange: (models: readonly string[]) => void;
}) {
  const { models, wrong, onChange } = options;
  const id = useId();
  const list = useRef<HTMLUListElement>(null);
  /** The line that takes the focus once it is there. */
  const wanted = useRef<number | undefined>(undefined);
  useEffect(() => {
    if (wanted.current === undefined) return;
    list.current?.querySelectorAll('input')[wanted.current]?.focus();
    wanted.current = undefined;
  });
  const replace = (index: number, values: readonly string[]) =>
    onChange([...models.slice(0, index), ...values, ...models.slice(index + 1)]);
  const insertAfter = (index: number) => {
    wanted.current = index + 1;
    onChange([...models.slice(0, index + 1), '', ...models.slice(index + 1)]);
  };
  return (
    <>
      <ul class="models" ref={list}>
        {models.map((model, index) => {
          const error = wrong.get(index);
          const line = `${id}-${index}`;
          return (
            <li key={index}>
              <span class={`dot ${strandClass(index)}`} />
              <input
                id={line}
                type="text"
                inputMode="url"
                spellcheck={false}
                autocapitalize="off"
                aria-label={`Model ${index + 1}`}
                placeholder="https://huggingface.co/org/name or org/name@revision"
                value={model}
                aria-invalid={error === undefined ? undefined : 'true'}
                aria-describedby={error === undefined ? undefined : `${line}wrong`}
                onInput={(event) => replace(index, [event.currentTarget.value])}
                onKeyDown={(event) => {
                  if (event.key !== 'Enter') return;
                  event.preventDefault();
                  insertAfter(index);
                }}
                onPaste={(event) => {
                  const pasted = splitPasted(event.clipboardData?.getData('text') ?? '');
                  if (pasted.length < 2) return;
                  event.preventDefault();
                  const free = models.slice(index + 1).findIndex((later) => later.trim() !== '');
                  const empty = free === -1 ? models.length : index + 1 + free;
                  const taken = Math.max(index + 1, Math.min(empty, index + pasted.length));
                  const kept = model.trim() === '' ? [] : [model];
                  wanted.current = index + kept.length + pasted.length - 1;
                  onChange([...models.slice(0, index), ...kept, ...pasted, ...models.slice(taken)]);
                }}
              />
              <button
                type="button"
                class="button plain icon"
                aria-label={`Remove model ${index + 1}`}
                disabled={models.length <= 1}
                onClick={() => {
                  wanted.current = Math.max(0, index - 1);
                  replace(index, []);
                }}
              >
                <svg viewBox="0 0 20 20" aria-hidden="true">
                  <path d="M5 5l10 10M15 5 5 15" />
                </svg>
              </button>
              {error !== undefined && (
                <span id={`${line}wrong`} class="wrong">
                  {sentence(error)}
                </span>
              )}
            </li>
          );
        })}
      </ul>
      <button type="button" class="button plain" onClick={() => insertAfter(models.length - 1)}>
        Add a model
      </button>
    </>
  );
}
