/** What a licence asks of who publishes a work derived from several. */
export interface LicenceTerms {
  /** Spelled out, for texts. */
  title: string;
  /**
   * How much it asks of the whole: 0 nothing but its notice, 1 notice and more (patents, attribution), 2 the whole under
   * the same licence for some files, 3 the whole under the same licence.
   */
  strength: 0 | 1 | 2 | 3;
  nonCommercial?: boolean;
  noDerivatives?: boolean;
  /** Restrictions of use that must be passed on with anything derived. */
  restricted?: boolean;
  /** Licences under which a derived work may be published instead. */
  upgrades?: readonly string[];
  /** Licences whose terms cannot be met together with it. */
  conflicts?: readonly string[];
}

const GPL_LATER = ['gpl-3.0', 'agpl-3.0'];

/** Terms by the Hub's words for licences. Sources: the licences' texts; FSF's and Creative Commons' compatibility lists. */
export const LICENCES: Readonly<Record<string, LicenceTerms>> = {
  unlicense: { title: 'The Unlicense', strength: 0 },
  'cc0-1.0': { title: 'CC0 1.0', strength: 0 },
  wtfpl: { title: 'WTFPL', strength: 0 },
  pddl: { title: 'PDDL', strength: 0 },
  mit: { title: 'MIT', strength: 0 },
  isc: { title: 'ISC', strength: 0 },
  zlib: { title: 'zlib', strength: 0 },
  'bsd-2-clause': { title: 'BSD 2-Clause', strength: 0 },
  'bsd-3-clause': { title: 'BSD 3-Clause', strength: 0 },
  'bsl-1.0': { title: 'Boost 1.0', strength: 0 },
  'apache-2.0': { title: 'Apache 2.0', strength: 1, conflicts: ['gpl-2.0'] },
  'cdla-permissive-2.0': { title: 'CDLA Permissive 2.0', strength: 0 },
  'cc-by-2.0': { title: 'CC BY 2.0', strength: 1 },
  'cc-by-3.0': { title: 'CC BY 3.0', strength: 1 },
  'cc-by-4.0': { title: 'CC BY 4.0', strength: 1 },
  'odc-by': { title: 'ODC-By', strength: 1 },
  'mpl-2.0': { title: 'MPL 2.0', strength: 2, upgrades: ['gpl-2.0', 'gpl-3.0', 'agpl-3.0', 'lgpl-3.0'] },
  'lgpl-2.1': { title: 'LGPL 2.1', strength: 2, upgrades: ['gpl-2.0', 'gpl-3.0', 'agpl-3.0', 'lgpl-3.0'] },
  'lgpl-3.0': { title: 'LGPL 3.0', strength: 2, upgrades: GPL_LATER, conflicts: ['gpl-2.0'] },
  'gpl-2.0': { title: 'GPL 2.0', strength: 3 },
  'gpl-3.0': { title: 'GPL 3.0', strength: 3, upgrades: ['agpl-3.0'] },
  'agpl-3.0': { title: 'AGPL 3.0', strength: 3 },
  'cc-by-sa-3.0': { title: 'CC BY-SA 3.0', strength: 3, upgrades: ['cc-by-sa-4.0', 'gpl-3.0'] },
  'cc-by-sa-4.0': { title: 'CC BY-SA 4.0', strength: 3, upgrades: ['gpl-3.0'] },
  'cc-by-nc-2.0': { title: 'CC BY-NC 2.0', strength: 1, nonCommercial: true },
  'cc-by-nc-3.0': { title: 'CC BY-NC 3.0', strength: 1, nonCommercial: true },
  'cc-by-nc-4.0': { title: 'CC BY-NC 4.0', strength: 1, nonCommercial: true, upgrades: ['cc-by-nc-sa-4.0'] },
  'cc-by-nc-sa-3.0': { title: 'CC BY-NC-SA 3.0', strength: 3, nonCommercial: true, upgrades: ['cc-by-nc-sa-4.0'] },
  'cc-by-nc-sa-4.0': { title: 'CC BY-NC-SA 4.0', strength: 3, nonCommercial: true },
  'cc-by-nd-4.0': { title: 'CC BY-ND 4.0', strength: 3, noDerivatives: true },
  'cc-by-nc-nd-3.0': { title: 'CC BY-NC-ND 3.0', strength: 3, nonCommercial: true, noDerivatives: true },
  'cc-by-nc-nd-4.0': { title: 'CC BY-NC-ND 4.0', strength: 3, nonCommercial: true, noDerivatives: true },
  openrail: { title: 'OpenRAIL', strength: 1, restricted: true },
  'openrail++': { title: 'OpenRAIL++', strength: 1, restricted: true },
  'creativeml-openrail-m': { title: 'CreativeML OpenRAIL-M', strength: 1, restricted: true },
  'bigscience-openrail-m': { title: 'BigScience OpenRAIL-M', strength: 1, restricted: true },
  'bigcode-openrail-m': { title: 'BigCode OpenRAIL-M', strength: 1, restricted: true },
  'bigscience-bloom-rail-1.0': { title: 'BigScience BLOOM RAIL 1.0', strength: 1, restricted: true },
  llama2: { title: 'Llama 2 Community License', strength: 1, restricted: true },
  llama3: { title: 'Llama 3 Community License', strength: 1, restricted: true },
  'llama3.1': { title: 'Llama 3.1 Community License', strength: 1, restricted: true },
  'llama3.2': { title: 'Llama 3.2 Community License', strength: 1, restricted: true },
  'llama3.3': { title: 'Llama 3.3 Community License', strength: 1, restricted: true },
  llama4: { title: 'Llama 4 Community License', strength: 1, restricted: true },
  gemma: { title: 'Gemma Terms of Use', strength: 1, restricted: true },
  'apple-amlr': { title: 'Apple AMLR', strength: 1, restricted: true, nonCommercial: true },
  'fair-noncommercial-research-license': {
    title: 'FAIR Noncommercial Research License',
    strength: 1,
    restricted: true,
    nonCommercial: true,
  },
};
