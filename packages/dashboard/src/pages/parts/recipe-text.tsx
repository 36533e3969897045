import { useEffect, useRef } from 'preact/hooks';
import type { Finding, RecipeEditor } from '../editor/create-editor.ts';
import type { Schema } from '../editor/schema-lookup.ts';

/** Moves the cursor of the editor. */
export type GoTo = (line: number, column: number) => void;

/** The text of a recipe, to be edited. */
export function RecipeText(options: {
  /** What it begins with. From then on the text is the editor's own: a page that set it would undo fast typing. */
  text: string;
  schema: Schema | undefined;
  findings: readonly Finding[];
  onChange: (text: string) => void;
  /** Is handed the function that moves the cursor, once the editor is there. */
  onReady: (goTo: GoTo) => void;
}) {
  const { schema, findings } = options;
  const place = useRef<HTMLDivElement>(null);
  const editor = useRef<RecipeEditor | undefined>(undefined);
  const latest = useRef(options);
  latest.current = options;
  useEffect(() => {
    let left = false;
    void import('../editor/create-editor.ts').then(({ createEditor }) => {
      if (left || place.current === null) return;
      const { current } = latest;
      const created = createEditor({
        place: place.current,
        text: current.text,
        label: 'Recipe, YAML',
        onChange: (changed) => latest.current.onChange(changed),
      });
      editor.current = created;
      if (current.schema !== undefined) created.setSchema(current.schema);
      created.setFindings(current.findings);
      current.onReady((line, column) => created.goTo(line, column));
    });
    return () => {
      left = true;
      editor.current?.destroy();
    };
  }, []);
  useEffect(() => {
    if (schema !== undefined) editor.current?.setSchema(schema);
  }, [schema]);
  useEffect(() => editor.current?.setFindings(findings), [findings]);
  return <div class="editor" ref={place} />;
}
