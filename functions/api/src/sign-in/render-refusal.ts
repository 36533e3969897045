import type { HubfuseError } from '@hubfuse/plugin';

/** A page for a person whom nothing let in: it holds no script and no style. */
export function renderRefusal({ summary, hint }: Pick<HubfuseError, 'summary' | 'hint'>, home: string): string {
  const text = (value: string) => value.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Not signed in · hubfuse</title>',
    '<meta name="viewport" content="width=device-width"></head><body><main>',
    `<h1>Not signed in</h1><p>${text(summary)}.</p>`,
    hint === undefined ? '' : `<p>${text(hint)}.</p>`,
    `<p><a href="${text(home)}">To the page of this server</a></p></main></body></html>`,
  ].join('');
}
