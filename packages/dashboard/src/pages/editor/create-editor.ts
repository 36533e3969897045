import {
  autocompletion,
  type CompletionContext,
  type CompletionResult,
  completionKeymap,
} from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { yaml } from '@codemirror/lang-yaml';
import { HighlightStyle, indentOnInput, indentUnit, syntaxHighlighting } from '@codemirror/language';
import { type Diagnostic, lintGutter, lintKeymap, setDiagnostics } from '@codemirror/lint';
import { EditorState } from '@codemirror/state';
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  keymap,
  lineNumbers,
} from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { cursorContext } from './cursor-context.ts';
import { keysAt, type Proposal, type Schema, valuesAt } from './schema-lookup.ts';

/** A mistake in the text. */
export interface Finding {
  /** Counted from 1. */
  line: number;
  /** Counted from 1. */
  column: number;
  message: string;
}

/** The editor of a recipe, as a page handles it. */
export interface RecipeEditor {
  setSchema(schema: Schema): void;
  setFindings(findings: readonly Finding[]): void;
  /** Puts the cursor there and takes the focus. */
  goTo(line: number, column: number): void;
  destroy(): void;
}

const THEME = EditorView.theme({
  '&': { color: 'var(--ink)', backgroundColor: 'transparent', fontSize: '14px', minHeight: '460px' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '1.6', minHeight: '460px' },
  '.cm-content': { padding: '14px 0', caretColor: 'var(--ember-bright)' },
  '.cm-line': { padding: '0 14px 0 8px' },
  '.cm-gutters': { backgroundColor: 'transparent', color: 'var(--ink-soft)', border: 'none', paddingLeft: '6px' },
  '.cm-activeLine': { backgroundColor: 'color-mix(in srgb, var(--sunken) 60%, transparent)' },
  '.cm-activeLineGutter': { backgroundColor: 'transparent', color: 'var(--ink)' },
  '.cm-cursor, .cm-dropCursor': { borderLeft: '2px solid var(--ember-bright)' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': {
    background: 'color-mix(in srgb, var(--strand-1) 28%, transparent)',
  },
  '.cm-tooltip': {
    border: '1px solid var(--line-strong)',
    borderRadius: '8px',
    backgroundColor: 'var(--surface)',
    color: 'var(--ink)',
    overflow: 'hidden',
    boxShadow: '0 8px 28px rgb(10 12 16 / 0.18)',
  },
  '.cm-tooltip.cm-tooltip-autocomplete > ul': { fontFamily: 'var(--mono)', maxHeight: '16em' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li': { padding: '3px 12px' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]': {
    background: 'var(--ember-wash)',
    color: 'var(--ink)',
  },
  '.cm-completionDetail': {
    color: 'var(--ink-soft)',
    fontStyle: 'normal',
    fontFamily: 'var(--sans)',
    fontSize: '12.5px',
  },
  '.cm-completionMatchedText': { textDecoration: 'none', color: 'var(--ember)' },
  '.cm-completionInfo': { padding: '8px 12px', maxWidth: '300px', fontFamily: 'var(--sans)', fontSize: '13px' },
  '.cm-diagnostic': {
    padding: '6px 12px',
    borderLeft: '3px solid var(--bad)',
    fontFamily: 'var(--sans)',
    fontSize: '13px',
  },
  '.cm-lintRange-error': {
    backgroundImage: 'none',
    textDecoration: 'underline wavy var(--bad) 1.5px',
    textUnderlineOffset: '4px',
  },
  '.cm-lint-marker-error': {
    content: '""',
    width: '8px',
    height: '8px',
    margin: '7px 2px',
    borderRadius: '2px',
    backgroundColor: 'var(--bad)',
  },
  '.cm-lint-marker': { width: '8px', height: '8px' },
  '.cm-gutter-lint': { width: '14px' },
});

const COLOURS = HighlightStyle.define([
  { tag: [tags.definition(tags.propertyName), tags.propertyName], color: 'var(--ink)', fontWeight: '600' },
  { tag: [tags.string, tags.content, tags.attributeValue], color: 'var(--editor-value)' },
  { tag: [tags.number, tags.bool, tags.null, tags.keyword], color: 'var(--ember)' },
  { tag: tags.comment, color: 'var(--ink-soft)', fontStyle: 'italic' },
  { tag: [tags.punctuation, tags.separator, tags.squareBracket, tags.brace], color: 'var(--ink-soft)' },
  { tag: [tags.labelName, tags.typeName], color: 'var(--good)' },
]);

/**
 * An editor of recipes within `place`. It lives in a shadow tree: there its styles are constructed style sheets, which a
 * policy without inline styles allows; in the page itself they would be style elements.
 */
export function createEditor(options: {
  place: HTMLElement;
  text: string;
  label: string;
  onChange: (text: string) => void;
}): RecipeEditor {
  const { place, text, label, onChange } = options;
  const root = place.shadowRoot ?? place.attachShadow({ mode: 'open' });
  const knowledge: { schema: Schema | undefined } = { schema: undefined };
  const view = new EditorView({
    root,
    parent: root,
    state: EditorState.create({
      doc: text,
      extensions: [
        lineNumbers(),
        highlightActiveLine(),
        highlightActiveLineGutter(),
        drawSelection(),
        history(),
        indentOnInput(),
        indentUnit.of('  '),
        yaml(),
        syntaxHighlighting(COLOURS),
        autocompletion({
          override: [(context) => complete(context, knowledge.schema)],
          icons: false,
          activateOnTyping: true,
        }),
        lintGutter(),
        // Tab leaves the editor, as everywhere on a page; it would be a trap for the keyboard otherwise.
        keymap.of([...completionKeymap, ...defaultKeymap, ...historyKeymap, ...lintKeymap]),
        EditorView.contentAttributes.of({ 'aria-label': label, spellcheck: 'false', autocapitalize: 'off' }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) onChange(update.state.doc.toString());
        }),
        THEME,
      ],
    }),
  });
  return {
    setSchema(schema) {
      knowledge.schema = schema;
    },
    setFindings(findings) {
      view.dispatch(
        setDiagnostics(
          view.state,
          findings.map((finding) => diagnosticOf(view.state, finding)),
        ),
      );
    },
    goTo(line, column) {
      const anchor = offsetOf(view.state, line, column);
      view.dispatch({ selection: { anchor }, effects: EditorView.scrollIntoView(anchor, { y: 'center' }) });
      view.focus();
    },
    destroy: () => view.destroy(),
  };
}

/** Keys and values that the schema knows for where the cursor stands. */
function complete(context: CompletionContext, schema: Schema | undefined): CompletionResult | null {
  if (schema === undefined) return null;
  const text = context.state.doc.toString();
  const { kind, path, from, siblings } = cursorContext(text, context.pos);
  if (!context.explicit && from === context.pos && kind === 'key') return null;
  const method = /^merge_method:\s*["']?([\w-]+)/m.exec(text)?.[1];
  const keys = kind === 'key' ? keysAt(schema, { path, method }).filter(({ label }) => !siblings.includes(label)) : [];
  const values = kind === 'value' || keys.length === 0 ? valuesAt(schema, { path, method }) : [];
  const isFollowed = /^\s*:/.test(text.slice(context.pos, context.pos + 40));
  const options = [
    ...keys.map((key) => ({
      ...entryOf(key),
      type: 'property',
      detail: key.required === true ? 'required' : '',
      apply: isFollowed ? key.label : `${key.label}: `,
      boost: key.required === true ? 1 : 0,
    })),
    ...values.map((value) => ({ ...entryOf(value), type: 'constant' })),
  ];
  return options.length === 0 ? null : { from, options, validFor: /^[\w.-]*$/ };
}

function entryOf({ label, description }: Proposal) {
  return { label, ...(description === undefined ? {} : { info: description }) };
}

function diagnosticOf(state: EditorState, { line, column, message }: Finding): Diagnostic {
  const from = offsetOf(state, line, column);
  const { to: end, text, from: start } = state.doc.lineAt(from);
  const word = /^[^\s,}\]]+/.exec(text.slice(from - start))?.[0].length ?? 0;
  return { from, to: Math.min(end, Math.max(from + word, Math.min(end, from + 1))), severity: 'error', message };
}

/** Offset of a line and column, or of the nearest one that the text has. */
function offsetOf(state: EditorState, line: number, column: number): number {
  const found = state.doc.line(Math.min(Math.max(1, line), state.doc.lines));
  return Math.min(found.to, found.from + Math.max(0, column - 1));
}
