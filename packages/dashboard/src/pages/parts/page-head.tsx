import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

/** The heading of a page. It takes the focus when the page appears, so that a screen reader says where one is. */
export function PageHead(options: {
  title: string;
  /** What stands below the title. */
  lead?: ComponentChildren;
  /** Buttons of the page. */
  children?: ComponentChildren;
}) {
  const { title, lead, children } = options;
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · hubfuse`;
  }, [title]);
  useEffect(() => {
    // Not on the first page of all: there the reader begins at the top.
    if (document.body.dataset.moved === 'true') heading.current?.focus();
    document.body.dataset.moved = 'true';
  }, []);
  return (
    <div class="head">
      <div>
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
        {lead !== undefined && <p>{lead}</p>}
      </div>
      {children !== undefined && <div class="actions">{children}</div>}
    </div>
  );
}
