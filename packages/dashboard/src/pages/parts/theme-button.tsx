import { useState } from 'preact/hooks';

type Scheme = 'light' | 'dark';

function schemeNow(): Scheme {
  const { theme } = document.documentElement.dataset;
  if (theme === 'light' || theme === 'dark') return theme;
  return matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
}

/** Turns the light on and off; what was chosen holds for this browser. */
export function ThemeButton() {
  const [scheme, setScheme] = useState(schemeNow);
  const other: Scheme = scheme === 'dark' ? 'light' : 'dark';
  return (
    <button
      type="button"
      class="button plain icon"
      aria-label={`Use ${other} colours`}
      title={`Use ${other} colours`}
      onClick={() => {
        document.documentElement.dataset.theme = other;
        localStorage.setItem('hubfuse-theme', other);
        setScheme(other);
      }}
    >
      <svg viewBox="0 0 20 20" aria-hidden="true">
        {scheme === 'dark' ? (
          <path d="M10 6.2a3.8 3.8 0 1 0 0 7.6 3.8 3.8 0 0 0 0-7.6ZM10 1.5v1.8M10 16.7v1.8M18.5 10h-1.8M3.3 10H1.5M16 4l-1.3 1.3M5.3 14.7 4 16M16 16l-1.3-1.3M5.3 5.3 4 4" />
        ) : (
          <path d="M16.8 11.9A7.3 7.3 0 1 1 8.1 3.2a5.7 5.7 0 0 0 8.7 8.7Z" />
        )}
      </svg>
    </button>
  );
}
