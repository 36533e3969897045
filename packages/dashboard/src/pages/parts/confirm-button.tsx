import { useId, useRef } from 'preact/hooks';

/** A button that asks once more before it does what cannot be undone. */
export function ConfirmButton(options: {
  label: string;
  question: string;
  explanation: string;
  /** The word on the button that does it. Default: `label`. */
  confirm?: string;
  class?: string;
  disabled?: boolean;
  onConfirm: () => void;
}) {
  const { label, question, explanation, confirm = label, onConfirm } = options;
  const dialog = useRef<HTMLDialogElement>(null);
  const title = useId();
  return (
    <>
      <button
        type="button"
        class={`button ${options.class ?? ''}`}
        disabled={options.disabled ?? false}
        onClick={() => dialog.current?.showModal()}
      >
        {label}
      </button>
      <dialog ref={dialog} aria-labelledby={title}>
        <h2 id={title}>{question}</h2>
        <p>{explanation}</p>
        <div class="actions">
          <button
            type="button"
            class="button danger"
            onClick={() => {
              dialog.current?.close();
              onConfirm();
            }}
          >
            {confirm}
          </button>
          <button type="button" class="button" onClick={() => dialog.current?.close()}>
            Keep it
          </button>
        </div>
      </dialog>
    </>
  );
}
