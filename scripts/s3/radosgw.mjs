// A real S3 of another maker: Ceph's radosgw from Debian's packages, unpacked into a folder without installing anything,
// over one monitor and one object store in memory.
import { spawn, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

/** Those of the doubles in the tests, which stand beside it and check signatures too. */
export const KEYS = { accessKeyId: 'double', secretAccessKey: 'double-secret' };
const ROOTS = ['radosgw', 'ceph-osd', 'ceph-mon'];
/** Recommended by the packages for disks and machines; nothing here uses them. */
const UNUSED =
  /^(lvm2|parted|libparted2|dmeventd|liblvm2cmd|libdevmapper-event|sudo|smartmontools|nvme-cli|libnvme|xfsprogs|libinih|hdparm|gdisk|libpopt|dmidecode|logrotate|cryptsetup-bin|uuid-runtime)/;
const READY_MS = 90_000;

/** Why it cannot run here; undefined where it can. Fetches and unpacks the packages into `folder` once. */
export function prepare(folder) {
  if (process.platform !== 'linux') return `radosgw is taken from Debian's packages, and this is ${process.platform}`;
  const root = join(folder, 'root');
  if (existsSync(root)) return undefined;
  const simulated = run('apt-get', ['install', '-s', '--no-install-recommends', ...ROOTS]);
  if (simulated.status !== 0) return `apt-get knows no ${ROOTS.join(', ')}: ${lastLine(simulated)}`;
  const names = [...simulated.stdout.matchAll(/^Inst (\S+)/gm)]
    .map(([, name]) => name)
    .filter((name) => !UNUSED.test(name));
  const packages = join(folder, 'packages');
  mkdirSync(packages, { recursive: true });
  const fetched = run('apt-get', ['download', ...names], { cwd: packages });
  if (fetched.status !== 0) return `apt-get cannot download the packages: ${lastLine(fetched)}`;
  const unpacking = `${root}.partial`;
  rmSync(unpacking, { recursive: true, force: true });
  for (const name of readdirSync(packages).filter((file) => file.endsWith('.deb'))) {
    const unpacked = run('dpkg', ['-x', join(packages, name), unpacking]);
    if (unpacked.status !== 0) return `dpkg cannot unpack ${name}: ${lastLine(unpacked)}`;
  }
  renameSync(unpacking, root);
  return undefined;
}

/** Starts it over the unpacked packages. `data` is an empty folder for its state. */
export async function start({ folder, data }) {
  const ceph = new Ceph(join(folder, 'root'), data);
  try {
    return { endpoint: await ceph.start(), stop: () => ceph.stop() };
  } catch (error) {
    ceph.stop();
    throw error;
  }
}

class Ceph {
  #children = [];

  constructor(root, data) {
    this.root = root;
    this.data = data;
    const libraries = ['usr/lib/x86_64-linux-gnu', 'usr/lib/aarch64-linux-gnu', 'usr/lib/ceph', 'lib/x86_64-linux-gnu'];
    this.libraries = libraries.map((path) => join(root, path)).filter(existsSync);
    this.environment = {
      ...process.env,
      LD_LIBRARY_PATH: [...this.libraries, ...this.libraries.map((path) => join(path, 'ceph'))].join(':'),
      CEPH_CONF: join(data, 'ceph.conf'),
      PYTHONPATH: join(root, 'usr/lib/python3/dist-packages'),
    };
  }

  async start() {
    const [first, second, port] = await freePorts(3);
    this.#configure(first, second);
    this.#keyring();
    this.#call('monmaptool', [
      ...['--create', '--fsid', this.fsid, '--addv', 'a', `[v2:127.0.0.1:${first},v1:127.0.0.1:${second}]`],
      join(this.data, 'monmap'),
    ]);
    mkdirSync(join(this.data, 'mon'));
    const monitor = [
      '--mkfs',
      '-i',
      'a',
      '--monmap',
      join(this.data, 'monmap'),
      '--keyring',
      join(this.data, 'keyring'),
    ];
    this.#call('ceph-mon', monitor);
    this.#spawn('ceph-mon', ['-f', '-i', 'a']);
    await this.#osd();
    this.#call('radosgw-admin', [
      ...['user', 'create', '--uid=hubfuse', '--display-name=hubfuse'],
      ...[`--access-key=${KEYS.accessKeyId}`, `--secret=${KEYS.secretAccessKey}`],
    ]);
    const frontend = `beast endpoint=127.0.0.1:${port}`;
    this.#spawn('radosgw', ['-f', '-n', 'client.rgw', `--rgw-frontends=${frontend}`]);
    const endpoint = `http://127.0.0.1:${port}`;
    await until(async () => (await fetch(endpoint).catch(() => undefined)) !== undefined, 'radosgw');
    return endpoint;
  }

  stop() {
    for (const child of this.#children.reverse()) child.kill('SIGKILL');
  }

  #configure(first, second) {
    this.fsid = randomUUID();
    const library = this.libraries.map((path) => join(path, 'ceph')).find(existsSync) ?? this.libraries[0];
    const classes = [join(library, '..', 'rados-classes'), join(this.root, 'usr/lib/rados-classes')].find(existsSync);
    const lines = [
      '[global]',
      `fsid = ${this.fsid}`,
      `mon host = [v2:127.0.0.1:${first},v1:127.0.0.1:${second}]`,
      'mon initial members = a',
      `keyring = ${join(this.data, 'keyring')}`,
      `run dir = ${this.data}`,
      `admin socket = ${join(this.data, '$name.asok')}`,
      `log file = ${join(this.data, '$name.log')}`,
      `plugin dir = ${library}`,
      `erasure code dir = ${join(library, 'erasure-code')}`,
      `osd class dir = ${classes ?? join(library, '..', 'rados-classes')}`,
      'osd pool default size = 1',
      'osd pool default min size = 1',
      'osd pool default pg num = 4',
      'osd crush chooseleaf type = 0',
      'mon allow pool size one = true',
      'mon allow pool delete = true',
      '[mon.a]',
      `mon data = ${join(this.data, 'mon')}`,
      '[osd.0]',
      `osd data = ${join(this.data, 'osd')}`,
      'osd objectstore = memstore',
      'memstore device bytes = 2147483648',
    ];
    writeFileSync(join(this.data, 'ceph.conf'), `${lines.join('\n')}\n`);
  }

  #keyring() {
    const file = join(this.data, 'keyring');
    const key = (name, ...caps) => this.#call('ceph-authtool', [file, '--gen-key', '-n', name, ...caps]);
    writeFileSync(file, '');
    key('mon.', '--cap', 'mon', 'allow *');
    const all = ['--cap', 'mon', 'allow *', '--cap', 'osd', 'allow *'];
    key('client.admin', ...all);
    key('client.rgw', '--cap', 'mon', 'allow rw', '--cap', 'osd', 'allow rwx');
    key('osd.0', '--cap', 'mon', 'allow profile osd', '--cap', 'osd', 'allow *');
  }

  async #osd() {
    const uuid = randomUUID();
    mkdirSync(join(this.data, 'osd'));
    await until(() => this.#try('ceph', ['osd', 'new', uuid]), 'the monitor');
    this.#call('ceph-osd', ['--mkfs', '-i', '0', '--osd-uuid', uuid]);
    this.#spawn('ceph-osd', ['-f', '-i', '0']);
  }

  #program(name) {
    return [join(this.root, 'usr/bin', name), join(this.root, 'usr/sbin', name)].find(existsSync) ?? name;
  }

  #call(name, args) {
    const result = run(this.#program(name), args, { env: this.environment, timeout: READY_MS });
    if (result.status !== 0) throw new Error(`${name} failed: ${lastLine(result)}`);
    return result;
  }

  #try(name, args) {
    return run(this.#program(name), args, { env: this.environment, timeout: 10_000 }).status === 0;
  }

  #spawn(name, args) {
    const child = spawn(this.#program(name), args, { env: this.environment, stdio: 'ignore' });
    child.on('error', () => {});
    this.#children.push(child);
  }
}

function run(command, args, options = {}) {
  return spawnSync(command, args, { encoding: 'utf8', ...options });
}

function lastLine({ stderr, error }) {
  return (stderr ?? '').trim().split('\n').at(-1) || error?.message || 'no message';
}

async function until(test, what) {
  for (const end = Date.now() + READY_MS; Date.now() < end; await wait(300)) if (await test()) return;
  throw new Error(`${what} did not become ready within ${READY_MS / 1000} s`);
}

async function freePorts(count) {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise((done) => server.listen(0, '127.0.0.1', done));
      return server;
    }),
  );
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  return ports;
}
