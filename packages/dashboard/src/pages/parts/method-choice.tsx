import { useId } from 'preact/hooks';
import type { Method } from '../api/types.ts';

/** The merge methods that the server knows, plugins included, each with what it does. */
export function MethodChoice(options: { methods: readonly Method[]; value: string; onChange: (name: string) => void }) {
  const { methods, value, onChange } = options;
  const group = useId();
  return (
    <div class="methods">
      {methods.map(({ name, title, description }) => (
        <label key={name}>
          <input type="radio" name={group} value={name} checked={name === value} onChange={() => onChange(name)} />
          <strong>{title}</strong>
          <span>{description}</span>
        </label>
      ))}
    </div>
  );
}
