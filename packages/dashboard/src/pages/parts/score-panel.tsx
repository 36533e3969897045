import { useState } from 'preact/hooks';
import type { ScoreTable } from '../api/types.ts';
import { percent, points, shortName } from '../text/units.ts';
import { ScoreDots } from './score-dots.tsx';
import { ownerOf, type Split, signOf } from './score-owner.ts';
import { ScrollRegion } from './scroll-region.tsx';
import { Segments } from './segments.tsx';
import { strandClass } from './strand.ts';

type Row = ScoreTable['rows'][number];

const ROLE_NOTES: Readonly<Partial<Record<Row['role'], string>>> = {
  merged: 'merged',
  base: 'base',
  average: 'plain average',
  ensemble: 'ensemble',
  published: 'published now',
};

/** Scores of the merged model against every parent: in a picture, and in figures. */
export function ScorePanel({ table }: { table: ScoreTable }) {
  const splits = (['dev', 'test'] as const).filter((split) => table.rows.some((row) => row[split] !== undefined));
  const [chosen, setChosen] = useState<Split>('test');
  const split = splits.includes(chosen) ? chosen : (splits[0] ?? 'dev');
  return (
    <section class="panel" aria-labelledby="scores-title">
      <header>
        <div>
          <h2 id="scores-title">Scores against every parent</h2>
          <p class="small soft">
            {table.metric} in percent, {table.task}
          </p>
        </div>
        {splits.length > 1 && (
          <Segments
            label="Data"
            value={split}
            onChange={setChosen}
            choices={[
              { value: 'test', title: 'Test' },
              { value: 'dev', title: 'Development' },
            ]}
          />
        )}
      </header>
      <ScoreDots table={table} split={split} />
      <ScoreFigures table={table} split={split} />
    </section>
  );
}

function ScoreFigures({ table, split }: { table: ScoreTable; split: Split }) {
  const datasets = table.datasets.filter(({ examples }) => examples[split] !== undefined);
  const rows = table.rows.filter((row) => row[split] !== undefined);
  const merged = rows.find(({ role }) => role === 'merged')?.[split]?.mean;
  return (
    <ScrollRegion class="scroll" label="Scores">
      <table>
        <thead>
          <tr>
            <th scope="col">Model</th>
            {datasets.map(({ name, domain, examples }) => (
              <th key={name} scope="col" class="number">
                {name}
                <br />
                <span class="small">
                  {examples[split]?.toLocaleString('en-GB')}
                  {domain === 'out' ? ', out of domain' : ''}
                </span>
              </th>
            ))}
            <th scope="col" class="number">
              Mean
            </th>
            <th scope="col" class="number">
              Merged better by
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <ScoreLine key={`${row.role}${row.name}`} {...{ row, rows, split, merged }} datasets={datasets} />
          ))}
        </tbody>
      </table>
    </ScrollRegion>
  );
}

function ScoreLine(options: {
  row: Row;
  rows: readonly Row[];
  datasets: ScoreTable['datasets'];
  split: Split;
  merged: number | undefined;
}) {
  const { row, rows, datasets, split, merged } = options;
  const scores = row[split];
  const isResult = row.role === 'merged';
  const note = ROLE_NOTES[row.role];
  return (
    <tr class={isResult ? 'result' : ''}>
      <th scope="row">
        <span class={`dot ${isResult ? 'result' : signOf(row)} ${strandClass(ownerOf(row, rows))}`} />
        {shortName(row.name)}
        {note !== undefined && note !== shortName(row.name) && <span class="soft"> {note}</span>}
      </th>
      {datasets.map(({ name }) => (
        <td key={name} class="number">
          {percent(scores?.datasets[name])}
        </td>
      ))}
      <td class="number">{percent(scores?.mean)}</td>
      <td class="number">
        {!isResult && merged !== undefined && scores !== undefined && <Difference value={merged - scores.mean} />}
      </td>
    </tr>
  );
}

/** A difference in percentage points: its sign says the direction, the colour says it once more. */
export function Difference({ value }: { value: number }) {
  const text = points(value);
  const direction = text.startsWith('±') ? '' : value > 0 ? 'up' : 'down';
  return <span class={`difference ${direction}`}>{text}</span>;
}
