// docs/results.md keeps one section for each part of the soak, between comments that name it.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, platform, release, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const file = join(root, 'docs', 'results.md');
/** Asked for at the start: what is measured later is still this code. */
const commit = spawnSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: root, encoding: 'utf8' }).stdout.trim();

/** When, on what and with which versions something was measured, in one sentence. */
export function circumstances() {
  const { version } = JSON.parse(readFileSync(join(root, 'packages', 'cli', 'package.json'), 'utf8'));
  const processor = `${cpus().length} × ${cpus()[0].model.trim()}`;
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  const load = loadavg()[0].toFixed(1);
  return (
    `${new Date().toISOString().slice(0, 16)}Z, hubfuse ${version}${commit && ` at ${commit}`}, ` +
    `Node.js ${process.versions.node}, ${platform()} ${release()}, ${processor}, ${memory}; load at the end ${load}.`
  );
}

/**
 * The text with the content of one section replaced.
 * @throws Error where the text has no such section
 */
export function replaceSection(text, { name, content }) {
  const [begin, end] = [`<!-- ${name} -->`, `<!-- end of ${name} -->`];
  const start = text.indexOf(begin);
  const stop = text.indexOf(end, start);
  if (start < 0 || stop < 0) throw new Error(`${file} has no section between "${begin}" and "${end}"`);
  return `${text.slice(0, start + begin.length)}\n${content}\n${text.slice(stop)}`;
}

/** @param {{what: string, outcome: string, figure: string}[]} rows */
export function recordResults(name, rows) {
  const lines = rows.map(({ what, outcome, figure }) => `| ${what} | ${outcome} | ${figure} |`);
  const content = [circumstances(), '', '| what | outcome | measured |', '|---|---|---|', ...lines].join('\n');
  writeFileSync(file, replaceSection(readFileSync(file, 'utf8'), { name, content }));
}

/** Writes one section of docs/results.md: when and on what it was measured, then the text. */
export function recordSection(name, text) {
  writeFileSync(file, replaceSection(readFileSync(file, 'utf8'), { name, content: `${circumstances()}\n\n${text}` }));
}
