import type { Task } from '../api/types.ts';
import { type DatasetForm, EMPTY_DATASET, type MergeForm } from '../recipe/merge-form.ts';
import { Field } from './field.tsx';

const COLUMNS = [
  { key: 'name', label: 'Name', placeholder: 'intents' },
  {
    key: 'dev',
    label: 'Development file',
    placeholder: 'https://huggingface.co/datasets/org/data/blob/main/dev.jsonl',
  },
  { key: 'test', label: 'Test file', placeholder: 'optional' },
  { key: 'text', label: 'Text column', placeholder: 'text' },
  { key: 'label', label: 'Label column', placeholder: 'label' },
] as const;

/** What the merged model and its parents are scored on. */
export function DatasetFields(options: {
  form: MergeForm;
  tasks: readonly Task[];
  /** What is wrong, by `<place>.<field>`. */
  wrong: ReadonlyMap<string, string>;
  onChange: (change: Partial<MergeForm>) => void;
}) {
  const { form, tasks, wrong, onChange } = options;
  const { datasets } = form;
  const set = (index: number, change: Partial<DatasetForm>) =>
    onChange({ datasets: datasets.map((dataset, place) => (place === index ? { ...dataset, ...change } : dataset)) });
  return (
    <div class="stack">
      {datasets.length > 0 && (
        <div class="fields">
          <Field label="Task">
            {(input) => (
              <select {...input} value={form.task} onChange={(event) => onChange({ task: event.currentTarget.value })}>
                {tasks.map(({ name, metric }) => (
                  <option key={name} value={name}>
                    {name}, by {metric}
                  </option>
                ))}
              </select>
            )}
          </Field>
        </div>
      )}
      {datasets.map((dataset, index) => (
        <fieldset key={index}>
          <legend class="hidden">Dataset {index + 1}</legend>
          <div class="fields">
            {COLUMNS.map(({ key, label, placeholder }) => (
              <Field
                key={key}
                label={label}
                wrong={wrong.get(`${index}.${key}`) ?? (key === 'name' ? wrong.get(`${index}`) : undefined)}
              >
                {(input) => (
                  <input
                    {...input}
                    type="text"
                    spellcheck={false}
                    value={dataset[key]}
                    placeholder={placeholder}
                    onInput={(event) => set(index, { [key]: event.currentTarget.value })}
                  />
                )}
              </Field>
            ))}
          </div>
          <button
            type="button"
            class="link"
            onClick={() => onChange({ datasets: datasets.filter((_, place) => place !== index) })}
          >
            Remove dataset {index + 1}
          </button>
        </fieldset>
      ))}
      <button type="button" class="button" onClick={() => onChange({ datasets: [...datasets, EMPTY_DATASET] })}>
        Add a dataset
      </button>
    </div>
  );
}
