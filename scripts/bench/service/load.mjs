// Load on a service, in a process of its own. One argument, the JSON of {url, keys, paths, streams, perSecond, seconds};
// prints one JSON object. Requests leave on a fixed schedule whether or not earlier ones were answered, and the time of each
// counts from the moment at which it was due: a server that stands still is not spared the requests that it would have got.
import { Agent, request } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';

const { url, keys, paths, streams, perSecond, seconds } = JSON.parse(process.argv[2]);
const agent = new Agent({ keepAlive: true, maxSockets: 256 });
const errors = new Map();
const milliseconds = [];
const bytes = { read: 0 };
const following = { events: 0, progress: 0, ended: 0 };

const note = (what) => errors.set(what, (errors.get(what) ?? 0) + 1);
const authorised = (turn) => ({ authorization: `Bearer ${keys[turn % keys.length]}` });

function read(turn, due) {
  const path = paths[turn % paths.length];
  return new Promise((done) => {
    const asked = request(`${url}${path}`, { agent, headers: authorised(turn) }, (answer) => {
      answer.on('data', (chunk) => {
        bytes.read += chunk.length;
      });
      answer.on('end', () => {
        milliseconds.push(performance.now() - due);
        if (answer.statusCode !== 200) note(`${answer.statusCode} ${path.replace(/once-\w+/, '{id}')}`);
        done();
      });
      answer.on('error', (error) => done(note(error.message)));
    });
    asked.on('error', (error) => done(note(error.message)));
    asked.end();
  });
}

function follow(turn) {
  const headers = { ...authorised(turn), accept: 'text/event-stream' };
  return new Promise((opened, fail) => {
    const asked = request(
      `${url}${streams.paths[turn % streams.paths.length]}`,
      { agent: false, headers },
      (answer) => {
        if (answer.statusCode !== 200) note(`stream ${answer.statusCode}`);
        answer.setEncoding('utf8').on('data', (text) => {
          following.events += text.split('\nid: ').length - 1 + (text.startsWith('id: ') ? 1 : 0);
          following.progress += text.split('event: progress').length - 1;
        });
        answer.on('close', () => {
          following.ended++;
        });
        opened(asked);
      },
    );
    asked.on('error', (error) => {
      if (!stopping) note(`stream ${error.message}`);
      fail(error);
    });
    asked.end();
  });
}

let stopping = false;
const open = await Promise.all(Array.from({ length: streams.count }, (_, turn) => follow(turn)));
const pending = new Set();
const began = performance.now();
const cpu = process.cpuUsage();
for (let turn = 0; turn < perSecond * seconds; ) {
  const now = performance.now() - began;
  for (; turn < perSecond * seconds && (turn * 1000) / perSecond <= now; turn++) {
    const one = read(turn, began + (turn * 1000) / perSecond).finally(() => pending.delete(one));
    pending.add(one);
  }
  await wait(1);
}
await Promise.all(pending);
const took = (performance.now() - began) / 1000;
const ended = following.ended;
stopping = true;
for (const stream of open) stream.destroy();
agent.destroy();
const used = process.cpuUsage(cpu);
milliseconds.sort((a, b) => a - b);
const percentile = (share) => milliseconds[Math.min(milliseconds.length - 1, Math.floor(share * milliseconds.length))];
process.stdout.write(
  JSON.stringify({
    requests: milliseconds.length,
    seconds: took,
    p50: percentile(0.5),
    p90: percentile(0.9),
    p99: percentile(0.99),
    most: milliseconds.at(-1),
    bytes: bytes.read,
    errors: Object.fromEntries(errors),
    streams: { ...following, endedEarly: ended },
    processorSeconds: (used.user + used.system) / 1e6,
  }),
);
