import type { MergeForm } from '../recipe/merge-form.ts';
import { Field } from './field.tsx';

/** Where the merged model goes, and on which condition. */
export function PublishFields(options: {
  form: MergeForm;
  wrong: ReadonlyMap<string, string>;
  onChange: (change: Partial<MergeForm>) => void;
}) {
  const { form, wrong, onChange } = options;
  const publishes = form.publishTo.trim() !== '';
  return (
    <div class="fields">
      <Field label="Repository" hint="Left empty, nothing is published." wrong={wrong.get('publish')}>
        {(input) => (
          <input
            {...input}
            type="text"
            spellcheck={false}
            placeholder="you/merged-model"
            value={form.publishTo}
            onInput={(event) => onChange({ publishTo: event.currentTarget.value })}
          />
        )}
      </Field>
      {publishes && (
        <>
          <Field label="As">
            {(input) => (
              <select
                {...input}
                value={form.publishAs}
                onChange={(event) =>
                  onChange({ publishAs: event.currentTarget.value === 'commit' ? 'commit' : 'pull_request' })
                }
              >
                <option value="pull_request">a pull request</option>
                <option value="commit">a commit on main</option>
              </select>
            )}
          </Field>
          <Field
            label="Only if"
            hint={
              form.datasets.length > 0 ? (
                <>
                  For example <code>mean &gt; best_parent</code>
                </>
              ) : (
                'A condition needs a dataset above.'
              )
            }
            wrong={wrong.get('condition')}
          >
            {(input) => (
              <input
                {...input}
                type="text"
                spellcheck={false}
                placeholder="always"
                value={form.condition}
                onInput={(event) => onChange({ condition: event.currentTarget.value })}
              />
            )}
          </Field>
          <label class="check">
            <input
              type="checkbox"
              checked={form.private}
              onChange={(event) => onChange({ private: event.currentTarget.checked })}
            />
            Private, where it has to be created
          </label>
        </>
      )}
    </div>
  );
}
