import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { endSession, readSession } from './api/api.ts';
import { rememberHubToken } from './api/hub-token.ts';
import { type Problem, problemOf } from './api/problem.ts';
import { rememberCsrf, whenSignedOut } from './api/request.ts';
import type { Session } from './api/types.ts';
import { ProblemNotice } from './parts/problem-notice.tsx';
import { parseRoute, type Route } from './routing/route.ts';
import { Shell } from './shell.tsx';
import { App, type AppContext } from './state/app-context.ts';
import { NewMergeView } from './views/new-merge-view.tsx';
import { RecipeView } from './views/recipe-view.tsx';
import { RecipesView } from './views/recipes-view.tsx';
import { RunView } from './views/run-view.tsx';
import { RunsView } from './views/runs-view.tsx';
import { SignInView } from './views/sign-in-view.tsx';
import { UnknownView } from './views/unknown-view.tsx';

/** Milliseconds that a message stays. */
const MESSAGE_MS = 6000;
/** Milliseconds between two looks for a server that does not answer. */
const AGAIN_MS = 3000;

/** The whole dashboard: who asks, which page is shown, and what is said aside. */
export function Application() {
  const [route, setRoute] = useState<Route>(() => parseRoute(location.hash));
  const [session, setSession] = useState<Session>();
  const [asked, setAsked] = useState<'unknown' | 'sign in' | 'known' | Problem>('unknown');
  const [message, setMessage] = useState('');
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);

  const enter = useCallback((entered: Session) => {
    rememberCsrf(entered.csrf);
    setSession(entered);
    setAsked('known');
  }, []);
  const announce = useCallback((text: string) => {
    clearTimeout(timer.current);
    setMessage(text);
    timer.current = setTimeout(() => setMessage(''), MESSAGE_MS);
  }, []);
  const signOut = useCallback(() => {
    endSession().then(
      () => {
        rememberCsrf(undefined);
        rememberHubToken('');
        setAsked('sign in');
      },
      (error: unknown) => announce(problemOf(error).detail ?? 'Signing out failed.'),
    );
  }, [announce]);

  useEffect(() => {
    const move = () => setRoute(parseRoute(location.hash));
    window.addEventListener('hashchange', move);
    whenSignedOut(() => setAsked('sign in'));
    const stop = new AbortController();
    const find = () => {
      readSession(stop.signal).then(enter, (error: unknown) => {
        if (stop.signal.aborted) return;
        const problem = problemOf(error);
        setAsked(problem.status === 401 ? 'sign in' : problem);
        if (problem.status !== 401) again = setTimeout(find, AGAIN_MS);
      });
    };
    let again: ReturnType<typeof setTimeout> | undefined;
    find();
    return () => {
      window.removeEventListener('hashchange', move);
      clearTimeout(again);
      stop.abort();
    };
  }, [enter]);

  const context = useMemo<AppContext | undefined>(
    () => (session === undefined ? undefined : { session, announce, signOut }),
    [session, announce, signOut],
  );
  if (asked === 'unknown') return <main aria-busy="true" />;
  if (asked === 'sign in') return <SignInView onEnter={enter} />;
  if (typeof asked === 'object' || context === undefined) {
    return <main>{typeof asked === 'object' && <ProblemNotice problem={asked} />}</main>;
  }
  return (
    <App.Provider value={context}>
      <Shell route={route} message={message}>
        <View route={route} />
      </Shell>
    </App.Provider>
  );
}

function View({ route }: { route: Route }) {
  switch (route.page) {
    case 'runs':
      return <RunsView />;
    case 'run':
      return <RunView key={route.id} id={route.id} />;
    case 'new':
      return <NewMergeView />;
    case 'recipes':
      return <RecipesView />;
    case 'recipe':
      return <RecipeView key={route.name ?? ''} name={route.name} />;
    case 'unknown':
      return <UnknownView />;
  }
}
