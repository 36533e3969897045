import { useId } from 'preact/hooks';

/** One of a few choices that exclude each other. */
export function Segments<T extends string>(options: {
  label: string;
  choices: readonly { value: T; title: string }[];
  value: T;
  onChange: (value: T) => void;
}) {
  const { label, choices, value, onChange } = options;
  const name = useId();
  return (
    <fieldset class="segments">
      <legend class="hidden">{label}</legend>
      {choices.map((choice) => (
        <label key={choice.value}>
          <input type="radio" name={name} checked={choice.value === value} onChange={() => onChange(choice.value)} />
          {choice.title}
        </label>
      ))}
    </fieldset>
  );
}
