import type { ComponentChildren } from 'preact';
import { type Problem, partsOf } from '../api/problem.ts';

/** Why something was refused, and what to do about it. */
export function ProblemNotice(options: {
  problem: Problem;
  /** Buttons. */
  children?: ComponentChildren;
  /** The reader sees the text that lines are counted in. Default true. */
  lines?: boolean;
}) {
  const { problem, children, lines = true } = options;
  const parts = partsOf(problem);
  return (
    <div class="notice problem" role="alert">
      <ul>
        {parts.map((part) => (
          <li key={`${part.code}${part.pointer}${part.detail}`}>
            <strong>{sentence(part.detail)}</strong>
            {lines && part.line !== undefined && <span> Line {part.line}.</span>}
            {part.hint !== undefined && <p>{sentence(part.hint)}</p>}
          </li>
        ))}
      </ul>
      <p class="small soft">
        <code>{problem.code}</code>
        {problem.status > 0 && ` · ${problem.status} ${problem.title}`}
      </p>
      {children !== undefined && <div class="actions">{children}</div>}
    </div>
  );
}

/** `a file is missing` -> `A file is missing.` What begins with a name keeps it as it is. */
export function sentence(text: string): string {
  const first = /^[a-z]+(?:[ ,:]|$)/.test(text) ? text.slice(0, 1).toUpperCase() + text.slice(1) : text;
  return /[.!?:]$/.test(first) ? first : `${first}.`;
}
