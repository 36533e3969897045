import type { ComponentChildren } from 'preact';
import { ThemeButton } from './parts/theme-button.tsx';
import { hrefOf, type Route } from './routing/route.ts';
import { useApp } from './state/app-context.ts';

const PLACES = [
  { title: 'Runs', href: hrefOf({ page: 'runs' }), pages: ['runs', 'run'] },
  { title: 'Recipes', href: hrefOf({ page: 'recipes' }), pages: ['recipes', 'recipe'] },
];

/** What stands around every page. */
export function Shell({ route, message, children }: { route: Route; message: string; children: ComponentChildren }) {
  const { session, signOut } = useApp();
  return (
    <>
      <button type="button" class="skip" onClick={() => document.querySelector<HTMLElement>('main h1')?.focus()}>
        Skip to the content
      </button>
      <header class="bar">
        <a class="brand" href={hrefOf({ page: 'runs' })}>
          <Mark />
          hubfuse
        </a>
        <nav aria-label="Pages">
          <ul>
            {PLACES.map(({ title, href, pages }) => (
              <li key={href}>
                <a href={href} aria-current={pages.includes(route.page) ? 'page' : undefined}>
                  {title}
                </a>
              </li>
            ))}
          </ul>
        </nav>
        <div class="end">
          <ThemeButton />
          {session.by === 'session' && (
            <button
              type="button"
              class="button plain"
              onClick={signOut}
              title={`Signed in with the key ${session.name}`}
            >
              Sign out
            </button>
          )}
          <a
            class="button primary"
            href={hrefOf({ page: 'new' })}
            aria-current={route.page === 'new' ? 'page' : undefined}
          >
            New merge
          </a>
        </div>
      </header>
      <main id="main">{children}</main>
      <div class="message" role="status" aria-live="polite">
        {message !== '' && <p>{message}</p>}
      </div>
    </>
  );
}

function Mark() {
  return (
    <svg viewBox="0 0 30 22" class="glyph" aria-hidden="true">
      <path class="s1" d="M2 3c8 0 8 8 15 8" />
      <path class="s2" d="M2 11h15" />
      <path class="s3" d="M2 19c8 0 8-8 15-8" />
      <path class="result" d="M17 11h11" />
    </svg>
  );
}
