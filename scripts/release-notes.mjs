// Prints the section of CHANGELOG.md for a version, and fails where there is none or the packages have another version.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readArguments, refuse } from './read-arguments.mjs';

const read = (path) => readFileSync(fileURLToPath(new URL(`../${path}`, import.meta.url)), 'utf8');
const { positionals } = readArguments({ script: import.meta.url, positionals: '<version>  such as 0.1.0' });
const [version] = positionals;
const section = read('CHANGELOG.md')
  .split(/^(?=## )/m)
  .find((text) => text.startsWith(`## ${version}\n`) || text.startsWith(`## ${version} `));
const packaged = JSON.parse(read('packages/cli/package.json')).version;
if (section === undefined) refuse(`CHANGELOG.md has no section "## ${version}"`);
if (packaged !== version) refuse(`the packages have the version ${packaged}, and the tag says ${version}`);
process.stdout.write(section.replace(/^## .*\n+/, ''));
