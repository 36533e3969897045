import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import { sentence } from './problem-notice.tsx';

/** What an input of a field needs to belong to its label, its hint and what is wrong with it. */
export interface FieldInput {
  id: string;
  'aria-describedby'?: string;
  'aria-invalid'?: 'true';
}

/** A label with an input, a hint, and what the server said is wrong with it. */
export function Field(options: {
  label: string;
  hint?: ComponentChildren;
  wrong?: string | undefined;
  children: (input: FieldInput) => ComponentChildren;
}) {
  const { label, hint, wrong, children } = options;
  const id = useId();
  const described = [...(hint === undefined ? [] : [`${id}hint`]), ...(wrong === undefined ? [] : [`${id}wrong`])];
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children({
        id,
        ...(described.length > 0 ? { 'aria-describedby': described.join(' ') } : {}),
        ...(wrong === undefined ? {} : { 'aria-invalid': 'true' as const }),
      })}
      {wrong !== undefined && (
        <span id={`${id}wrong`} class="wrong">
          {sentence(wrong)}
        </span>
      )}
      {hint !== undefined && (
        <span id={`${id}hint`} class="hint">
          {hint}
        </span>
      )}
    </div>
  );
}
