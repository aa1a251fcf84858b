import { Queue } from '../queue.js';
import { count, equal, file, ok, realm, sum, test, until } from './harness.js';

const MiB = 1 << 20;

/** Takes one file through a realm's faults and compares what arrived. @param {object} setup @param {number} size */
async function through(setup, size) {
  localStorage.clear();
  const { host, state, told } = await realm(setup);
  const queue = new Queue(host);
  const chosen = file(size);
  const upload = /** @type {import('../upload.js').Upload} */ (queue.add(chosen));
  /** @type {string[]} */
  const states = [];
  upload.changed = ({ state: now }) => states.at(-1) === now || states.push(now);
  queue.start();
  await until('it ends', () => /done|failed|refused|interrupted/.test(upload.state), 40000);
  const { log, sums } = await state();
  return { upload, states, log, told, same: sums[chosen.name] === (await sum(chosen)) };
}

/** Each part that arrived, and how often it was sent. @param {string[]} log */
function puts(log) {
  /** @type {Record<string, number>} */
  const times = {};
  for (const line of log) if (line.startsWith('put ')) times[line] = (times[line] ?? 0) + 1;
  return Object.fromEntries(Object.entries(times).sort());
}

test('a small file takes one request without a preflight', async () => {
  const { upload, log, same } = await through({}, 1000);
  equal(upload.state, 'done');
  ok(same, 'same content');
  equal(log, ['issue', 'post', 'complete']);
});

test('an empty file arrives', async () => {
  const { upload, same } = await through({}, 0);
  equal([upload.state, same], ['done', true]);
});

test('a file of several parts is signed for in one batch and sent once', async () => {
  const { upload, states, log, told, same } = await through({}, 22 * MiB);
  equal([upload.state, same], ['done', true]);
  equal(states, ['waiting', 'preparing', 'sending', 'confirming', 'done']);
  equal([count(log, 'sign'), count(log, 'put'), count(log, 'list'), count(log, 'complete')], [1, 5, 0, 1]);
  equal(told, ['add', 'done']);
});

const onPart = [
  ['a reset connection', { Do: 'reset' }, 1],
  ['a 500', { Do: '500', Code: 'InternalError' }, 1],
  ['a 503 that names a time', { Do: '503', Code: 'SlowDown', After: '1' }, 1],
  ['a 403 of a URL past its time', { Do: '403', Code: 'AccessDenied' }, 1],
  ['a 403 without CORS headers', { Do: 'opaque 403', Code: 'AccessDenied' }, 1],
  ['a part that arrived garbled', { Do: '400', Code: 'BadDigest' }, 1],
  ['three failures in a row', { Do: '500', Code: 'InternalError' }, 3],
];
for (const [name, trouble, Times] of /** @type {[string, object, number][]} */ (onPart)) {
  test(`${name} costs only that part`, async () => {
    const { upload, log, same } = await through({ Faults: [{ On: 'put', Part: 2, Times, ...trouble }] }, 16 * MiB);
    equal([upload.state, same], ['done', true]);
    equal(puts(log), { 'put 1': 1, 'put 2': 1 + Times, 'put 3': 1, 'put 4': 1 });
  });
}

/** A time no request takes: whose clock is set to it is known by that. */
const STALL = 1e8;

/** The clocks of requests under way, which the test lets go off itself. @param {(armed: Map<number, () => void>) => Promise<void>} body */
async function withClocks(body) {
  const { setTimeout, clearTimeout } = window;
  /** @type {Map<number, () => void>} */
  const armed = new Map();
  const set = (/** @type {() => void} */ turn, /** @type {number} */ ms) => {
    const id = setTimeout(turn, ms);
    if (ms === STALL) armed.set(id, turn);
    return id;
  };
  const clear = (/** @type {number} */ id) => {
    armed.delete(id);
    clearTimeout(id);
  };
  Object.assign(window, { setTimeout: set, clearTimeout: clear });
  try {
    await body(armed);
  } finally {
    Object.assign(window, { setTimeout, clearTimeout });
  }
}

test('a hung part is noticed and replaced', () => withClocks(async (armed) => {
  localStorage.clear();
  const { host, state } = await realm({ Faults: [{ On: 'put', Part: 3, Times: 1, Do: 'hang' }] });
  host.stall = STALL;
  const queue = new Queue(host);
  const chosen = file(16 * MiB);
  const upload = /** @type {import('../upload.js').Upload} */ (queue.add(chosen));
  queue.start();
  await until('all but one are safe', async () => upload.safe === 11 * MiB && count((await state()).log, 'put 3') === 1);
  equal(armed.size, 1, 'clocks that run');
  armed.forEach((ring) => ring());
  await until('it is done', () => upload.state === 'done');
  const { log, sums } = await state();
  equal(puts(log), { 'put 1': 1, 'put 2': 1, 'put 3': 2, 'put 4': 1 });
  equal(sums[chosen.name], await sum(chosen));
}));

test('part URLs that live a second are signed again in time', async () => {
  const { upload, same } = await through({ Life: 1000, Faults: [{ On: 'put', Part: 1, Times: 1, Do: '503', After: '2' }] }, 16 * MiB);
  equal([upload.state, same], ['done', true]);
});

test('Retry-After is honoured', async () => {
  const began = performance.now();
  const { states } = await through({ Faults: [{ On: 'issue', Times: 1, Do: '503', Code: 'store_unavailable', After: '2' }] }, 1000);
  ok(performance.now() - began > 1900, 'waited two seconds');
  ok(states.includes('retrying'), `the wait was shown: ${states}`);
});

for (const on of ['issue', 'sign', 'complete']) {
  // Chromium tries some of these again by itself.
  test(`a server that is away for six calls to ${on} is waited for`, async () => {
    const { upload, states, same } = await through({ Faults: [{ On: on, Times: 6, Do: 'reset' }] }, 11 * MiB);
    equal([upload.state, same], ['done', true]);
    ok(states.includes('offline'), `the wait was shown: ${states}`);
  });
}

test('a POST whose answer is lost is found stored, not sent again and again', async () => {
  const { upload, log, same } = await through({ Faults: [{ On: 'post', Times: 9, Do: 'swallow' }] }, 1000);
  equal([upload.state, same, count(log, 'complete')], ['done', true, 1]);
});

test('a POST that never arrived is sent again', async () => {
  const { upload, states, same } = await through({ Faults: [{ On: 'post', Times: 5, Do: 'reset' }] }, 1000);
  equal([upload.state, same], ['done', true]);
  ok(states.includes('offline'), `the wait was shown: ${states}`);
});

test('parts that the store lost are sent after completing has named them', async () => {
  const { upload, log, same } = await through({ Faults: [{ On: 'put', Part: 2, Times: 1, Do: '200' }] }, 16 * MiB);
  equal([upload.state, same], ['done', true]);
  equal(puts(log), { 'put 1': 1, 'put 2': 2, 'put 3': 1, 'put 4': 1 });
});

const fatal = [
  ['a quota', 'issue', '429', 'quota_exceeded', '3600', 'failed'],
  ['another type', 'issue', '415', 'type_not_allowed', '', 'refused'],
  ['no permission', 'issue', '403', 'forbidden', '', 'failed'],
  ['a refusal when completing', 'complete', '415', 'type_not_allowed', '', 'refused'],
];
for (const [name, On, Do, Code, After, state] of fatal) {
  test(`${name} is not tried again, and its code is kept`, async () => {
    const { upload, log, told } = await through({ Faults: [{ On, Times: 5, Do, Code, After }] }, 1000);
    equal([upload.state, upload.code], [state, Code]);
    equal([count(log, On), told], [1, ['add', 'fail']]);
  });
}

test('a form that the store keeps refusing is issued anew three times, and fails with the store’s own code', async () => {
  const { upload, log } = await through({ Faults: [{ On: 'post', Times: 9, Do: '403', Code: 'AccessDenied' }] }, 1000);
  equal([upload.state, upload.code, count(log, 'issue')], ['failed', 'AccessDenied', 4]);
});

test('a refusal without a code is known by its status', async () => {
  const { upload } = await through({ Faults: [{ On: 'issue', Times: 9, Do: '418' }] }, 1000);
  equal([upload.state, upload.code], ['failed', 'http_418']);
});

for (const size of [1000, 16 * MiB]) {
  test(`a file of ${size} bytes that can’t be read any more has to be chosen again`, async () => {
    localStorage.clear();
    const { host } = await realm({ Faults: [{ On: 'post', Times: 99, Do: 'reset' }, { On: 'put', Times: 99, Do: 'reset' }] });
    const queue = new Queue(host);
    const chosen = file(size);
    const upload = /** @type {import('../upload.js').Upload} */ (queue.add(chosen));
    // A try lasts some milliseconds: too short to be asked for now and then.
    const sending = new Promise((resolve) => {
      upload.changed = ({ state }) => state === 'sending' && resolve(null);
    });
    queue.start();
    await sending;
    chosen.slice = () => Object.assign(new Blob(), { arrayBuffer: () => Promise.reject(new DOMException('gone', 'NotReadableError')) });
    await until('it is noticed', () => upload.state === 'interrupted');
    equal([upload.code, upload.file], ['unreadable', null]);
    queue.remove(upload);
  });
}

test('an upload that has expired begins anew, once', async () => {
  const { upload, log, same } = await through({ Faults: [{ On: 'complete', Times: 1, Do: '410', Code: 'upload_expired' }] }, 11 * MiB);
  equal([upload.state, count(log, 'issue')], ['done', 2]);
  ok(same, 'same content');
});
