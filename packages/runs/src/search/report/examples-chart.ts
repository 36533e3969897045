import type { CandidateRecord } from '@hubfuse/evolve';
import { count } from './html.ts';
import { element, horizontalGrid, linearScale, PLOT_WIDTH, plot, ticks, tooltip } from './plot.ts';

const HEIGHT = 220;
const FRAME = { left: 62, right: PLOT_WIDTH - 16, top: 14, bottom: HEIGHT - 16 };

/** Examples that each candidate was scored on before it was decided, in front of all that there are. */
export function examplesChart(options: { candidates: readonly CandidateRecord[]; title: string }): string {
  const { candidates, title } = options;
  const highest = Math.max(1, ...candidates.map(({ verdict }) => verdict.total));
  const domain = [0, highest] as const;
  const y = linearScale(domain, [FRAME.bottom, FRAME.top]);
  const width = (FRAME.right - FRAME.left) / Math.max(1, candidates.length);
  const bars = candidates.map(({ number, accepted, verdict }, index) => {
    const { examples, total } = verdict;
    const place = { x: FRAME.left + index * width + width * 0.1, width: Math.max(0.5, width * 0.8) };
    const fate = accepted ? 'accepted' : 'rejected';
    const text = `candidate ${number + 1}, ${fate}: ${count(examples)} of ${count(total)} examples`;
    return [
      element('rect', { class: 'unspent', ...place, y: y(total), height: FRAME.bottom - y(total) }, tooltip(text)),
      element(
        'rect',
        { class: `spent ${fate}`, ...place, y: y(examples), height: FRAME.bottom - y(examples) },
        tooltip(text),
      ),
    ].join('');
  });
  const grid = horizontalGrid({ values: ticks(domain, 4), y, left: FRAME.left, right: FRAME.right, show: count });
  return plot({ height: HEIGHT, title, content: grid + bars.join('') });
}
