import { useEffect, useId, useState } from 'preact/hooks';
import { beginSession, readSignIn } from '../api/api.ts';
import type { Session } from '../api/types.ts';
import { FusePicture } from '../parts/empty-state.tsx';
import { ProblemNotice } from '../parts/problem-notice.tsx';
import { useAction } from '../state/use-action.ts';

/** Exchanges a key for a cookie that no script can read. The key itself is sent once and kept nowhere. */
export function SignInView({ onEnter }: { onEnter: (session: Session) => void }) {
  const [key, setKey] = useState('');
  const action = useAction();
  const id = useId();
  const [huggingface, setHuggingface] = useState(false);
  useEffect(() => {
    document.title = 'Sign in · hubfuse';
    const stop = new AbortController();
    // A key always does; a server that does not say how else is asked for one.
    readSignIn(stop.signal).then(
      (ways) => setHuggingface(ways.huggingface),
      () => undefined,
    );
    return () => stop.abort();
  }, []);
  return (
    <main>
      <form
        class="sign-in"
        method="post"
        autocomplete="off"
        onSubmit={(event) => {
          event.preventDefault();
          action.start(async () => {
            const session = await beginSession(key.trim());
            setKey('');
            onEnter(session);
          });
        }}
      >
        <FusePicture />
        <div>
          <h1>Sign in to hubfuse</h1>
          <p class="soft">
            {huggingface
              ? 'This server wants to know who you are before it shows anything.'
              : 'This server asks for a key before it shows anything.'}
          </p>
        </div>
        {huggingface && (
          // In a frame of the Hub the session's cookie would not come along: a tab of its own it is.
          <a class="button primary" href="login/huggingface" target={window.top === window ? undefined : '_blank'}>
            Sign in with Hugging Face
          </a>
        )}
        <div class="field">
          <label for={id}>Key</label>
          <input
            id={id}
            type="password"
            value={key}
            required
            autocomplete="off"
            spellcheck={false}
            placeholder="hfk_…"
            aria-describedby={`${id}hint`}
            onInput={(event) => setKey(event.currentTarget.value)}
          />
          <span id={`${id}hint`} class="hint">
            <code>hubfuse keys create</code> on the server's machine makes one and shows it once.
          </span>
        </div>
        {action.problem !== undefined && <ProblemNotice problem={action.problem} />}
        <div class="actions">
          <button
            type="submit"
            class={huggingface ? 'button' : 'button primary'}
            disabled={action.busy || key.trim() === ''}
          >
            {action.busy ? 'Signing in…' : 'Sign in'}
          </button>
        </div>
      </form>
    </main>
  );
}
