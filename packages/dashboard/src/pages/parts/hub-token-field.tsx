import { useState } from 'preact/hooks';
import { hubToken, rememberHubToken } from '../api/hub-token.ts';
import { Field } from './field.tsx';

/** A token of the Hub of the caller's own, in the place of the server's. It is kept nowhere. */
export function HubTokenField() {
  const [text, setText] = useState(hubToken);
  return (
    <Field
      label="Your own Hub token"
      hint="Reads and publishes in the place of the server's. It stays in the memory of this page, and with the server while the run lives."
    >
      {(input) => (
        <input
          {...input}
          type="password"
          autocomplete="off"
          spellcheck={false}
          placeholder="hf_…"
          value={text}
          onInput={(event) => {
            setText(event.currentTarget.value);
            rememberHubToken(event.currentTarget.value);
          }}
        />
      )}
    </Field>
  );
}
