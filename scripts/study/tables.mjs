// Tables of the study in Markdown, one text for each zoo.

/** @param results the rows of one zoo that have been carried out; @param failures texts of those that could not be */
export function tableOf(results, failures) {
  const single = results.filter(({ seed }) => seed === undefined);
  const searches = results.filter(({ seed }) => seed !== undefined);
  return [
    ...methodTable(single),
    ...(searches.length === 0 ? [] : ['', ...searchTable(searches, single)]),
    ...(failures.length === 0 ? [] : ['', ...failures.map((failure) => `Not carried out: ${failure}.`)]),
  ].join('\n');
}

function methodTable(results) {
  const outside = results.some(({ outOfDomain }) => outOfDomain !== undefined && outOfDomain !== null);
  const references = results.find(({ references }) => references !== undefined)?.references ?? [];
  const rows = [
    ...references.map(({ name, dev, test }) => ({
      name: name.split('/').at(-1),
      ...{ dev: dev.mean, test: test.mean, outOfDomain: test.outOfDomainMean },
    })),
    ...results.map(({ name, label, ...rest }) => ({ ...rest, name: label ? `${name}, ${label}` : name })),
  ];
  return [
    `| model or merge | development | test |${outside ? ' out of domain |' : ''}`,
    `|---|--:|--:|${outside ? '--:|' : ''}`,
    ...rows.map(({ name, dev, test, outOfDomain }) => {
      return `| ${name} | ${percent(dev)} | ${percent(test)} |${outside ? ` ${percent(outOfDomain)} |` : ''}`;
    }),
  ];
}

/** Mean and, of several seeds, standard deviation; gains over what each search started from. */
function searchTable(searches, single) {
  const names = [...new Set(searches.map(({ name }) => name))];
  const rows = names.map((name) => {
    const of = searches.filter((result) => result.name === name);
    const start = single.find(({ id }) => id === of[0].of);
    const gains = (split) => of.map((result) => result[split] - start[split]);
    const below = of.filter(({ search }) => search.best < search.start).length;
    const share = (wanted) => {
      const sum = of.reduce((total, { search }) => total + search.spent[wanted], 0);
      return sum;
    };
    // Rows of an earlier version of the study do not tell them apart.
    const shareOf = (outcome) => {
      const known = of.flatMap(({ search }) => (search.examples === undefined ? [] : [search.examples[outcome]]));
      const total = known.reduce((sum, { total: all }) => sum + all, 0);
      return total === 0 ? '' : `${percent(known.reduce((sum, { examples }) => sum + examples, 0) / total)} %`;
    };
    const cells = [
      name,
      String(of.length),
      spread(of.map(({ dev }) => dev)),
      spread(of.map(({ test }) => test)),
      spread(gains('dev')),
      spread(gains('test')),
      `${below} of ${of.length}`,
      `${percent(share('examples') / share('examplesInFull'))} %`,
      shareOf('rejected'),
      shareOf('accepted'),
      `${mean(of.map(({ search }) => search.spent.seconds)).toFixed(0)} s`,
    ];
    return `| ${cells.join(' | ')} |`;
  });
  const titles = [
    'search',
    'seeds',
    'development',
    'test',
    'gain, development',
    'gain, test',
    'below its start',
    'examples scored',
    'of rejected',
    'of accepted',
    'time',
  ];
  return [`| ${titles.join(' | ')} |`, `|---|${'--:|'.repeat(titles.length - 1)}`, ...rows];
}

function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function spread(values) {
  const centre = mean(values);
  if (values.length === 1) return percent(centre);
  const variance = values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1);
  return `${percent(centre)} ± ${percent(Math.sqrt(variance))}`;
}

function percent(fraction) {
  return typeof fraction === 'number' ? (100 * fraction).toFixed(2) : '';
}
