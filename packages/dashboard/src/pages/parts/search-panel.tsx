import { useEffect, useRef } from 'preact/hooks';
import type { SearchPlot } from '../charts/draw-search-plot.ts';
import type { CoursePoint } from '../charts/search-course.ts';
import { percent, plural } from '../text/units.ts';

/** Decisions of the table below the plot: those that changed the best. */
function improvements(course: readonly CoursePoint[]): CoursePoint[] {
  return course.filter((point, index) => index === 0 || point.best > (course[index - 1]?.best ?? 0));
}

/** How a search went, or goes at this moment: a plot, and the steps up in figures. */
export function SearchPanel({ course }: { course: readonly CoursePoint[] }) {
  const last = course.at(-1);
  const accepted = course.filter((point) => point.accepted && point.candidate > 0).length;
  return (
    <section class="panel" aria-labelledby="search-title">
      <header>
        <div>
          <h2 id="search-title">Search</h2>
          <p class="small soft">
            {plural(last?.candidate ?? 0, 'candidate')}, {accepted} accepted; best {percent(last?.best)} from{' '}
            {percent(course[0]?.best)}
          </p>
        </div>
      </header>
      <Plot course={course} />
      <ul class="legend" aria-hidden="true">
        <li>
          <i class="sr" /> Best
        </li>
        <li>
          <i class="s2" /> Mean of the population
        </li>
        <li>
          <i class="round s1" /> Accepted
        </li>
        <li>
          <i class="round s0" /> Rejected
        </li>
      </ul>
      <details>
        <summary>Steps up in figures</summary>
        <table>
          <thead>
            <tr>
              <th scope="col">Candidate</th>
              <th scope="col">Generation</th>
              <th scope="col" class="number">
                Best
              </th>
            </tr>
          </thead>
          <tbody>
            {improvements(course).map(({ candidate, generation, best }) => (
              <tr key={candidate}>
                <th scope="row">{candidate === 0 ? 'Start' : candidate}</th>
                <td>{candidate === 0 ? '–' : generation + 1}</td>
                <td class="number">{percent(best)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </section>
  );
}

function Plot({ course }: { course: readonly CoursePoint[] }) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<SearchPlot | undefined>(undefined);
  const latest = useRef(course);
  latest.current = course;
  useEffect(() => {
    let left = false;
    void import('../charts/draw-search-plot.ts').then(({ drawSearchPlot }) => {
      if (!left && place.current !== null) plot.current = drawSearchPlot(place.current, latest.current);
    });
    return () => {
      left = true;
      plot.current?.destroy();
    };
  }, []);
  useEffect(() => plot.current?.update(course), [course]);
  const last = course.at(-1);
  const label = `Best development score by candidate: from ${percent(course[0]?.best)} to ${percent(last?.best)}`;
  return <div class="plot" ref={place} role="img" aria-label={label} />;
}
