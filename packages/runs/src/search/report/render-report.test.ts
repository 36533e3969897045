import { describe, expect, test } from 'vitest';
import { coefficientContent, evolutionContent } from '../../../test/search-content.ts';
import { candidateLines } from '../candidate-lines.ts';
import { renderDecisions } from '../search-files.ts';
import { courseOf, generationStarts } from './course.ts';
import { ticks } from './plot.ts';
import { renderSearchReport } from './render-report.ts';

const evolution = evolutionContent({ generations: 15, alone: false });
const reports = {
  'an evolution around a method': renderSearchReport(evolution),
  'an evolution alone': renderSearchReport(evolutionContent({ generations: 6, alone: true })),
  'a search for coefficients': renderSearchReport(coefficientContent(60)),
};

describe.each(Object.entries(reports))('the report of %s', (_, html) => {
  test('loads nothing from elsewhere and runs nothing', () => {
    expect(html).not.toMatch(/<(script|link|img|iframe|object|base)\b|@import|url\(|\b(src|href)=/i);
  });

  test('every element that is opened is closed', () => {
    const open: string[] = [];
    for (const [, slash, name = '', self] of html.matchAll(/<(\/?)([a-z]\w*)[^<>]*?(\/?)>/g)) {
      if (self === '/' || name === 'meta') continue;
      if (slash === '') open.push(name);
      else expect(open.pop()).toBe(name);
    }
    expect(open).toEqual([]);
  });

  test('no figure is missing', () => {
    expect(html).not.toMatch(/NaN|Infinity|undefined|\[object/);
  });
});

test('names are shown as they are and never become markup', () => {
  expect(reports['an evolution around a method']).toContain('&#60;office&#62; &#38; &#34;more&#34;');
});

test('a search that decided on nothing has a report all the same', () => {
  const { state, ...rest } = evolution;
  const html = renderSearchReport({ ...rest, state: { ...state, candidates: [] }, scores: undefined });
  expect(html).toContain('All 0 candidates');
  expect(html).not.toContain('NaN');
});

test('best and mean follow from the decisions alone', () => {
  const { state } = evolutionContent({ generations: 6, alone: true });
  const course = courseOf(state, { alone: true });
  expect(course.map(({ best }) => best)).toEqual([...course.map(({ best }) => best)].sort((a, b) => a - b));
  const scores = state.initial.map(({ verdict }) => verdict.score ?? 0);
  for (const { accepted, step, verdict } of state.candidates) {
    if (accepted && step !== undefined) scores[step.individual] = verdict.score ?? 0;
  }
  expect(course.at(-1)?.mean).toBeCloseTo(scores.reduce((sum, score) => sum + score, 0) / scores.length, 12);
  expect(generationStarts(state.candidates).map(({ first }) => first)).toEqual([0, 4, 8, 12, 16, 20]);
});

test('axes have round values inside their range', () => {
  expect(ticks([0.713, 0.792], 5)).toEqual([0.72, 0.74, 0.76, 0.78]);
  expect(ticks([0, 3000], 4)).toEqual([0, 1000, 2000, 3000]);
  expect(ticks([5, 5], 4)).toEqual([5]);
});

test('every candidate is one JSON line with its descent, scores, examples and time', () => {
  const { state, models, coefficients } = evolution;
  const lines = candidateLines(state, { models, coefficients })
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
  expect(lines).toHaveLength(state.initial.length + state.candidates.length);
  expect(lines[1]).toMatchObject({
    candidate: 0,
    generation: 0,
    parent: 'zoo/money',
    references: ['zoo/home', 'zoo/travel'],
    bar: 0.7512,
    total: 3000,
    seconds: 0.9,
  });
  const search = coefficientContent(8);
  const [, line] = candidateLines(search.state, search).split('\n');
  expect(JSON.parse(line ?? '')).toMatchObject({ coefficients: { 'lambda, money': expect.any(Number) } });
});

test('decisions are published without times, so that the same search has the same bytes', () => {
  const slower = {
    ...evolution.state,
    candidates: evolution.state.candidates.map((record) => ({ ...record, seconds: 9 })),
    spent: { ...evolution.state.spent, seconds: 99 },
  };
  expect(renderDecisions(slower)).toBe(renderDecisions(evolution.state));
});
