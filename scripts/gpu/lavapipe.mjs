// A graphics card made of software: mesa's lavapipe of Debian's backports, unpacked into a folder without installing anything. Debian
// 12's own mesa lacks what Dawn asks for. Its only use is to see that scoring by WebGPU gives the right answers.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const SUITE = 'bookworm-backports';
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
const ROOTS = ['mesa-vulkan-drivers', 'libvulkan1'];
/** Of other drivers and of displays: what comes with the system does for these. */
const UNUSED = /^(libgl|libegl|libgbm|mesa-libgallium)/;
const TIMEOUT_MS = 180_000;

/** Why it cannot be had here; undefined where it can. Fetches and unpacks the packages into `folder` once. */
export function prepare(folder) {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    return `lavapipe is taken from Debian's packages for x86-64, and this is ${process.platform}-${process.arch}`;
  }
  const root = join(folder, 'root');
  if (existsSync(root)) return undefined;
  if (!/VERSION_CODENAME=bookworm/.test(existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '')) {
    return 'lavapipe is taken from the packages of Debian 12, and this is another system';
  }
  for (const name of ['state/lists/partial', 'cache/archives/partial', 'packages']) {
    mkdirSync(join(folder, name), { recursive: true });
  }
  const line = (suite) => `deb [signed-by=${KEYRING}] http://deb.debian.org/debian ${suite} main\n`;
  writeFileSync(join(folder, 'sources.list'), line(SUITE) + line('bookworm'));
  const settings = [
    ...['-o', `Dir::Etc::sourcelist=${join(folder, 'sources.list')}`, '-o', 'Dir::Etc::sourceparts=-'],
    ...['-o', `Dir::State::lists=${join(folder, 'state/lists')}`, '-o', `Dir::Cache=${join(folder, 'cache')}`],
    ...['-o', 'Acquire::Languages=none', '-o', 'Acquire::http::Timeout=20', '-o', 'Acquire::Retries=1'],
  ];
  const apt = (...more) => run('apt-get', [...settings, ...more], join(folder, 'packages'));
  const updated = apt('update');
  if (updated.status !== 0) return `apt-get cannot read ${SUITE}: ${lastLine(updated)}`;
  const simulated = apt('install', '-s', '--no-install-recommends', '-t', SUITE, ...ROOTS);
  if (simulated.status !== 0) return `apt-get knows no ${ROOTS.join(', ')}: ${lastLine(simulated)}`;
  const wanted = [...simulated.stdout.matchAll(/^Inst (\S+) (?:\[\S+\] )?\((\S+)/gm)]
    .filter(([, name]) => !UNUSED.test(name))
    .map(([, name, version]) => `${name}=${version}`);
  const fetched = apt('download', ...wanted);
  if (fetched.status !== 0) return `apt-get cannot download the packages: ${lastLine(fetched)}`;
  const unpacking = `${root}.partial`;
  rmSync(unpacking, { recursive: true, force: true });
  for (const name of readdirSync(join(folder, 'packages')).filter((file) => file.endsWith('.deb'))) {
    const unpacked = run('dpkg', ['-x', join(folder, 'packages', name), unpacking]);
    if (unpacked.status !== 0) return `dpkg cannot unpack ${name}: ${lastLine(unpacked)}`;
  }
  renameSync(unpacking, root);
  return undefined;
}

/** Variables of a process that is to find it. */
export function variables(folder) {
  const root = join(folder, 'root');
  const drivers = join(root, 'usr/share/vulkan/icd.d');
  // Its name holds the architecture or not, by version.
  const driver = readdirSync(drivers).find((name) => /^lvp_icd.*\.json$/.test(name));
  return {
    LD_LIBRARY_PATH: join(root, 'usr/lib/x86_64-linux-gnu'),
    VK_ICD_FILENAMES: join(drivers, driver ?? 'lvp_icd.json'),
  };
}

function run(file, argv, cwd) {
  const done = spawnSync(file, argv, { encoding: 'utf8', cwd, timeout: TIMEOUT_MS });
  return done.error === undefined ? done : { status: 1, stdout: '', stderr: String(done.error.message) };
}

function lastLine({ stderr, stdout }) {
  return (stderr.trim() || stdout.trim()).split('\n').at(-1) ?? '';
}
