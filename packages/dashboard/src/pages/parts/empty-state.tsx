import type { ComponentChildren } from 'preact';
import { strandClass } from './strand.ts';

/** Three strands that become one. An ornament. */
export function FusePicture() {
  return (
    <svg class="glyph" viewBox="0 0 132 66" aria-hidden="true">
      {[8, 33, 58].map((y, index) => (
        <path key={y} class={strandClass(index)} d={`M4 ${y}H22C52 ${y} 44 33 76 33`} />
      ))}
      <path class="result" d="M76 33H128" />
    </svg>
  );
}

/** What a list shows that has nothing in it: what would be here, and how it comes here. */
export function EmptyState({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <div class="empty">
      <FusePicture />
      <h2>{title}</h2>
      {children}
    </div>
  );
}
