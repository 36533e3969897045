// Reads the arguments of the scripts in one way: `--help` shows the comment that a script begins with and its options, and
// what a script does not take is answered with a short message and exit code 2.
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

/** Wrong usage. */
export const USAGE = 2;

/**
 * Ends the process where the arguments ask for help or cannot be meant.
 * @template {Record<string, { type: 'string' | 'boolean' | 'number', default?: any, multiple?: boolean, short?: string }>} T
 * @param {object} given
 * @param {string} given.script `import.meta.url` of the script; its first comment is the help
 * @param {T} [given.options] as `parseArgs` takes them, and `number`
 * @param {string} [given.positionals] what arguments without a name are; absent: the script takes none
 * @param {readonly string[]} [given.argv]
 */
export function readArguments({ script, options = /** @type {T} */ ({}), positionals, argv = process.argv.slice(2) }) {
  if (argv.includes('--help') || argv.includes('-h')) {
    process.stdout.write(`${helpOf({ script, options, positionals })}\n`);
    process.exit(0);
  }
  try {
    const plain = Object.entries(options).map(([name, option]) => [name, plainOption(option)]);
    const parsed = parseArgs({
      args: [...argv],
      options: Object.fromEntries(plain),
      allowPositionals: positionals !== undefined,
    });
    const values = Object.entries(parsed.values).map(([name, value]) => [
      name,
      options[name]?.type === 'number' ? toNumber(name, value) : value,
    ]);
    return { values: /** @type {any} */ (Object.fromEntries(values)), positionals: parsed.positionals };
  } catch (error) {
    refuse(String(/** @type {Error} */ (error).message), script);
  }
}

/**
 * Ends the process with a message and no stack.
 * @param {string} message
 * @param {string} [script]
 * @returns {never}
 */
export function refuse(message, script) {
  // Node's advice about arguments that begin with a dash is longer than the message.
  const [first = message] = message.split(/\. (?=To )/);
  const hint = script === undefined ? '' : `\n  node scripts/${scriptName(script)} --help says what there is`;
  process.stderr.write(`error: ${first}${hint}\n`);
  process.exit(USAGE);
}

/** @param {{ script: string, options: Record<string, any>, positionals: string | undefined }} given */
function helpOf({ script, options, positionals }) {
  const lines = readFileSync(fileURLToPath(script), 'utf8').split('\n');
  const end = lines.findIndex((line) => !line.startsWith('//'));
  const about = lines.slice(0, end).map((line) => line.replace(/^\/\/ ?/, ''));
  const rows = Object.entries(options).map(([name, { type, default: value, multiple }]) => {
    const term = `  --${name}${type === 'boolean' ? '' : type === 'number' ? ' <n>' : ' <text>'}`;
    const known = Array.isArray(value) ? value.join(', ') : value;
    const notes = [
      ...(multiple === true ? ['may be given several times'] : []),
      ...(known === undefined || known === '' || known === false ? [] : [`default: ${known}`]),
    ];
    return notes.length === 0 ? term : `${term}  (${notes.join('; ')})`;
  });
  const taken = [...(positionals === undefined ? [] : [`  ${positionals}`]), ...rows];
  return [...about, ...(taken.length === 0 ? ['', 'It takes no arguments.'] : ['', 'Takes:', ...taken])].join('\n');
}

/** @param {any} option */
function plainOption({ type, default: value, ...rest }) {
  const text = value === undefined ? {} : { default: type === 'number' ? String(value) : value };
  return { ...rest, ...text, type: type === 'number' ? 'string' : type };
}

/**
 * @param {string} name
 * @param {unknown} value
 */
function toNumber(name, value) {
  const number = Number(value);
  if (String(value).trim() === '' || !Number.isFinite(number) || number < 0)
    throw new Error(`--${name} must be a number of at least 0, not "${value}"`);
  return number;
}

/** @param {string} script */
function scriptName(script) {
  const path = fileURLToPath(script);
  return path.split(/[/\\]scripts[/\\]/).at(-1) ?? basename(path);
}
