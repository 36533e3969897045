import { LICENCES, type LicenceTerms } from './licence-table.ts';
import type { LicenceFinding, LicenceInput, LicenceVerdict } from './licence-types.ts';

/** One licence among the inputs, and whose it is. */
interface Group {
  /** The Hub's word; for `other` with the name, so that two of them are told apart. */
  key: string;
  licence: string;
  licenceName?: string | undefined;
  licenceLink?: string | undefined;
  /** Undefined where the terms are not known here. */
  terms: LicenceTerms | undefined;
  names: string[];
}

/**
 * The licence of a merge, reasoned from those of its inputs: never a default. A merge derives from every input, so every
 * input's terms hold for it; the answer is the licence that asks the most, where it takes the others in.
 */
export function describeLicences(inputs: readonly LicenceInput[]): LicenceVerdict {
  const silent = inputs.filter(({ licence }) => licence === undefined || licence === '' || licence === 'unknown');
  const groups = groupByLicence(inputs.filter((input) => !silent.includes(input)));
  const findings = [
    ...silence(silent),
    ...groups.flatMap(findingsOf),
    ...pairs(groups).flatMap(([a, b]) => conflictOf(a, b)),
  ];
  const listed = groups.map((group) => `${titleOf(group)} (${group.names.join(', ')})`).join('; ');
  const explain = (conclusion: string) =>
    [
      inputs.length === 0
        ? 'There are no inputs.'
        : `The inputs' licences: ${[listed, unstated(silent)].filter(Boolean).join('; ')}.`,
      conclusion,
      'This is reasoned from what the cards say and is no legal advice.',
    ].join(' ');

  if (silent.length > 0 || groups.length === 0) {
    const conclusion = 'The licence of the merge cannot be told until every input states one.';
    return { licence: 'unknown', explanation: explain(conclusion), findings };
  }
  const conflict = findings.some(({ severity }) => severity === 'conflict');
  const winner = conflict ? undefined : groups.find((group) => groups.every((other) => takesIn(group, other)));
  if (winner === undefined) {
    const conclusion = conflict
      ? 'Their terms cannot all be met by one model, so it must not be published before that is settled.'
      : 'No single one of them takes in all others: the terms of each hold side by side.';
    const licenceName = groups.map(({ key }) => slug(key)).join('-and-');
    return { licence: 'other', licenceName, explanation: explain(conclusion), findings };
  }
  const conclusion =
    groups.length === 1
      ? `All inputs agree, so the merge is under ${titleOf(winner)} too.`
      : `${titleOf(winner)} asks the most and takes in the others, whose notices must be kept.`;
  return {
    licence: winner.licence,
    ...(winner.licenceName === undefined ? {} : { licenceName: winner.licenceName }),
    ...(winner.licenceLink === undefined ? {} : { licenceLink: winner.licenceLink }),
    explanation: explain(conclusion),
    findings,
  };
}

function groupByLicence(inputs: readonly LicenceInput[]): Group[] {
  const groups = new Map<string, Group>();
  for (const { name, licence = '', licenceName, licenceLink } of inputs) {
    const id = licence.toLowerCase();
    const known = Object.hasOwn(LICENCES, id);
    // `other` says what it means by its name; without one it is each input's own.
    const key = known ? id : id === 'other' ? (licenceName ?? `the licence of ${name}`) : id;
    const group = groups.get(key);
    if (group === undefined) {
      groups.set(key, { key, licence: id, licenceName, licenceLink, terms: LICENCES[id], names: [name] });
    } else if (!group.names.includes(name)) group.names.push(name);
  }
  return [...groups.values()];
}

function titleOf({ terms, key }: Group): string {
  return terms?.title ?? key;
}

function slug(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9.]+/g, '-')
    .replace(/^-|-$/g, '');
}

function unstated(silent: readonly LicenceInput[]): string {
  return silent.length === 0 ? '' : `none stated (${silent.map(({ name }) => name).join(', ')})`;
}

function silence(silent: readonly LicenceInput[]): LicenceFinding[] {
  return silent.map(({ name }) => ({
    severity: 'warning',
    message: `the card of ${name} states no licence: without one nobody has the right to publish what derives from it`,
  }));
}

function findingsOf(group: Group): LicenceFinding[] {
  const { terms } = group;
  const names = group.names.join(', ');
  const title = titleOf(group);
  if (terms === undefined) {
    return [
      { severity: 'warning', message: `${title} (${names}) is not among the licences known here: read its terms` },
    ];
  }
  const findings: LicenceFinding[] = [];
  if (terms.noDerivatives === true) {
    findings.push({
      severity: 'conflict',
      message: `${title} (${names}) forbids sharing what derives from it, and a merge does`,
    });
  }
  if (terms.nonCommercial === true) {
    findings.push({
      severity: 'warning',
      message: `${title} (${names}) allows no commercial use, of the merge neither`,
    });
  }
  if (terms.restricted === true) {
    findings.push({
      severity: 'note',
      message: `${title} (${names}) has restrictions of use and conditions for names and notices that pass on to the merge`,
    });
  }
  return findings;
}

function pairs(groups: readonly Group[]): [Group, Group][] {
  return groups.flatMap((a, index) => groups.slice(index + 1).map((b): [Group, Group] => [a, b]));
}

function conflictOf(a: Group, b: Group): LicenceFinding[] {
  if (a.terms === undefined || b.terms === undefined) return [];
  const stated = a.terms.conflicts?.includes(b.key) === true || b.terms.conflicts?.includes(a.key) === true;
  // Two licences that each claim the whole, or one that does and another that restricts further.
  const [left, right] = [claims(a.terms), claims(b.terms)];
  const open = takesIn(a, b) || takesIn(b, a);
  const restricts = (terms: LicenceTerms) => terms.nonCommercial === true || terms.restricted === true;
  const clash = !open && ((left && right) || (left && restricts(b.terms)) || (right && restricts(a.terms)));
  if (!stated && !clash) return [];
  return [
    {
      severity: 'conflict',
      message: `${titleOf(a)} (${a.names.join(', ')}) and ${titleOf(b)} (${b.names.join(', ')}) cannot both be kept by one model`,
    },
  ];
}

function claims(terms: LicenceTerms): boolean {
  return terms.strength === 3;
}

/** Whether publishing under `group` keeps the terms of `other` too. */
function takesIn(group: Group, other: Group): boolean {
  if (group.key === other.key) return true;
  if (group.terms === undefined || other.terms === undefined) return group.terms === undefined && isFree(other.terms);
  if (other.terms.conflicts?.includes(group.key) === true || group.terms.conflicts?.includes(other.key) === true) {
    return false;
  }
  if (other.terms.upgrades?.includes(group.key) === true) return true;
  if (other.terms.nonCommercial === true && group.terms.nonCommercial !== true) return false;
  if (other.terms.restricted === true || other.terms.strength >= 2) return false;
  if (isFree(other.terms)) {
    // Under equal demands the restricted or stronger one is the one to name.
    return group.terms.strength >= other.terms.strength;
  }
  return (
    group.terms.nonCommercial === true &&
    other.terms.nonCommercial === true &&
    group.terms.strength >= other.terms.strength
  );
}

/** Asks for notices at most. */
function isFree(terms: LicenceTerms | undefined): boolean {
  return terms !== undefined && terms.strength <= 1 && terms.nonCommercial !== true && terms.restricted !== true;
}
