import type { Method, MethodParameter } from '../api/types.ts';
import { applies, type MergeForm } from '../recipe/merge-form.ts';
import { shortName } from '../text/units.ts';
import { Field, type FieldInput } from './field.tsx';
import { strandClass } from './strand.ts';

/** The parameters of a method, empty where its default holds. */
export function ParameterFields(options: {
  method: Method;
  form: MergeForm;
  wrong: ReadonlyMap<string, string>;
  onChange: (change: Partial<MergeForm>) => void;
}) {
  const { method, form, wrong, onChange } = options;
  const shown = method.parameters.filter((parameter) => applies(parameter, { method, values: form.values }));
  if (shown.length === 0) return <p class="soft">{method.title} has no parameters.</p>;
  return (
    <div class="fields">
      {shown.map((parameter) => (
        <ParameterField key={parameter.name} wrong={wrong.get(parameter.name)} {...{ parameter, form, onChange }} />
      ))}
    </div>
  );
}

function ParameterField(options: {
  parameter: MethodParameter;
  form: MergeForm;
  wrong: string | undefined;
  onChange: (change: Partial<MergeForm>) => void;
}) {
  const { parameter, form, wrong, onChange } = options;
  const { name, description, level } = parameter;
  const each = form.perModel[name];
  const setEach = (values: readonly string[] | undefined) => {
    const { [name]: _, ...others } = form.perModel;
    onChange({ perModel: values === undefined ? others : { ...others, [name]: values } });
  };
  if (each !== undefined) {
    return (
      <fieldset class="field">
        <legend class="label">{name}, for each model</legend>
        <div class="per-model">
          {form.models.map((model, index) => (
            <label key={index}>
              <span class={`dot ${strandClass(index)}`} />
              <span class="name">{model.trim() === '' ? `Model ${index + 1}` : shortName(model.trim())}</span>
              <input
                type="text"
                inputMode="decimal"
                value={each[index] ?? ''}
                placeholder={defaultText(parameter)}
                onInput={(event) => {
                  const values = form.models.map((_, place) => each[place] ?? '');
                  values[index] = event.currentTarget.value;
                  setEach(values);
                }}
              />
            </label>
          ))}
        </div>
        {wrong !== undefined && <span class="wrong">{wrong}</span>}
        <button type="button" class="link" onClick={() => setEach(undefined)}>
          One value for all models
        </button>
      </fieldset>
    );
  }
  const set = (value: string) => onChange({ values: { ...form.values, [name]: value } });
  return (
    <div class="field">
      <Field label={name} hint={description} wrong={wrong}>
        {(input) => <ParameterInput {...{ parameter, input }} value={form.values[name] ?? ''} onChange={set} />}
      </Field>
      {level === 'model' && parameter.type === 'number' && (
        <button type="button" class="link" onClick={() => setEach(form.models.map(() => form.values[name] ?? ''))}>
          A value for each model
        </button>
      )}
    </div>
  );
}

function ParameterInput(options: {
  parameter: MethodParameter;
  input: FieldInput;
  value: string;
  onChange: (value: string) => void;
}) {
  const { parameter, input, value, onChange } = options;
  if (parameter.type === 'choice' || parameter.type === 'boolean') {
    const choices = parameter.type === 'boolean' ? ['true', 'false'] : (parameter.choices ?? []);
    return (
      <select {...input} value={value} onChange={(event) => onChange(event.currentTarget.value)}>
        <option value="">{defaultText(parameter)} (default)</option>
        {choices
          .filter((choice) => choice !== String(parameter.default))
          .map((choice) => (
            <option key={choice} value={choice}>
              {choice}
            </option>
          ))}
      </select>
    );
  }
  return (
    <input
      {...input}
      type="text"
      inputMode={parameter.type === 'number' ? 'decimal' : 'text'}
      spellcheck={false}
      value={value}
      placeholder={defaultText(parameter)}
      onInput={(event) => onChange(event.currentTarget.value)}
    />
  );
}

function defaultText({ default: value }: MethodParameter): string {
  if (value === undefined) return 'required';
  if (value === 'form') return 'computed by the method';
  if (typeof value === 'object') return value.length === 0 ? 'none' : value.join(', ');
  return String(value);
}
