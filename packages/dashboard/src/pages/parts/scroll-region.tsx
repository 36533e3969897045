import type { ComponentChildren } from 'preact';

/** A part of the page that scrolls by itself, and so has to be reachable by keyboard and to have a name. */
export function ScrollRegion({
  label,
  class: look,
  children,
}: {
  label: string;
  class: string;
  children: ComponentChildren;
}) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: without it a keyboard cannot scroll it.
    <section class={look} aria-label={label} tabIndex={0}>
      {children}
    </section>
  );
}
