import { Queue } from '../queue.js';
import { count, equal, file, ok, saved, scenario, sum, test, until } from './harness.js';

const MiB = 1 << 20;

/** Uploads one file in a scenario with faults, and compares what the store has. @param {object} setup @param {number} size */
async function uploadThroughFaults(setup, size) {
  localStorage.clear();
  const { options, state, events } = await scenario(setup);
  const queue = new Queue(options);
  const chosen = file(size);
  const upload = /** @type {import('../upload.js').Upload} */ (queue.add(chosen));
  /** @type {string[]} */
  const states = [];
  /** All that was saved meanwhile. */
  let kept = '';
  upload.onChange = ({ state: now }) => {
    if (states.at(-1) !== now) states.push(now);
    kept += saved().map((key) => localStorage[key]).join();
  };
  queue.start();
  await until('it ends', () => /done|failed|refused|interrupted/.test(upload.state), 40000);
  const { log, sums } = await state();
  return { upload, states, log, events, kept, same: sums[chosen.name] === (await sum(chosen)) };
}

/** How often each part was sent. @param {string[]} log */
function putCounts(log) {
  /** @type {Record<string, number>} */
  const times = {};
  for (const line of log) if (line.startsWith('put ')) times[line] = (times[line] ?? 0) + 1;
  return Object.fromEntries(Object.entries(times).sort());
}

test('a small file is sent in one request without a preflight', async () => {
  const { upload, log, same } = await uploadThroughFaults({}, 1000);
  equal(upload.state, 'done');
  ok(same, 'same content');
  equal(log, ['issue', 'post', 'complete']);
});

test('an empty file arrives', async () => {
  const { upload, same } = await uploadThroughFaults({}, 0);
  equal([upload.state, same], ['done', true]);
});

test('the URLs of several parts are asked for in one request, and each part is sent once', async () => {
  const { upload, states, log, events, same } = await uploadThroughFaults({}, 22 * MiB);
  equal([upload.state, same], ['done', true]);
  equal(states, ['waiting', 'preparing', 'sending', 'confirming', 'done']);
  equal([count(log, 'sign'), count(log, 'put'), count(log, 'list'), count(log, 'complete')], [1, 5, 0, 1]);
  equal(events, ['add', 'done']);
});

for (const [parts, asked] of [[4, 0], [5, 1]]) {
  test(`of ${parts} parts ${asked ? 'only the fifth is' : 'none is'} asked for where four come with the plan, which isn't saved with them`, async () => {
    const { upload, kept, log, same } = await uploadThroughFaults({ Signed: 4 }, parts * 5 * MiB - 1);
    equal([upload.state, same], ['done', true]);
    equal([count(log, 'sign'), count(log, 'put')], [asked, parts]);
    ok(kept.includes('"partSize"') && !kept.includes('until='), `the plan without part URLs, got ${kept}`);
  });
}

const onPart = [
  ['a reset connection', { Do: 'reset' }, 1],
  ['a 500', { Do: '500', Code: 'InternalError' }, 1],
  ['a 503 that names a time', { Do: '503', Code: 'SlowDown', After: '1' }, 1],
  ['a 403 of a URL past its time', { Do: '403', Code: 'AccessDenied' }, 1],
  ['a 403 without CORS headers', { Do: 'opaque 403', Code: 'AccessDenied' }, 1],
  ['a part that arrived damaged', { Do: '400', Code: 'BadDigest' }, 1],
  ['three failures in a row', { Do: '500', Code: 'InternalError' }, 3],
];
for (const [name, fault, Times] of /** @type {[string, object, number][]} */ (onPart)) {
  test(`${name} makes only that part be sent again`, async () => {
    const { upload, log, same } = await uploadThroughFaults({ Faults: [{ On: 'put', Part: 2, Times, ...fault }] }, 16 * MiB);
    equal([upload.state, same], ['done', true]);
    equal(putCounts(log), { 'put 1': 1, 'put 2': 1 + Times, 'put 3': 1, 'put 4': 1 });
  });
}

/** A stall that no other timer uses, by which the tests know the timers of requests. */
const STALL = 1e8;

/** Gives the body the stall timers of running requests, so that it can fire them. @param {(timers: Map<number, () => void>) => Promise<void>} body */
async function withStallTimers(body) {
  const { setTimeout, clearTimeout } = window;
  /** @type {Map<number, () => void>} */
  const timers = new Map();
  const set = (/** @type {() => void} */ fire, /** @type {number} */ ms) => {
    const id = setTimeout(fire, ms);
    if (ms === STALL) timers.set(id, fire);
    return id;
  };
  const clear = (/** @type {number} */ id) => {
    timers.delete(id);
    clearTimeout(id);
  };
  Object.assign(window, { setTimeout: set, clearTimeout: clear });
  try {
    await body(timers);
  } finally {
    Object.assign(window, { setTimeout, clearTimeout });
  }
}

test('a part that hangs is aborted and sent again', () => withStallTimers(async (timers) => {
  localStorage.clear();
  const { options, state } = await scenario({ Faults: [{ On: 'put', Part: 3, Times: 1, Do: 'hang' }] });
  options.stall = STALL;
  const queue = new Queue(options);
  const chosen = file(16 * MiB);
  const upload = /** @type {import('../upload.js').Upload} */ (queue.add(chosen));
  queue.start();
  await until('all but one are stored', async () => upload.storedBytes === 11 * MiB && count((await state()).log, 'put 3') === 1);
  equal(timers.size, 1, 'running timers');
  timers.forEach((fire) => fire());
  await until('it is done', () => upload.state === 'done');
  const { log, sums } = await state();
  equal(putCounts(log), { 'put 1': 1, 'put 2': 1, 'put 3': 2, 'put 4': 1 });
  equal(sums[chosen.name], await sum(chosen));
}));

test('a part that hangs on a slow line holds up other parts and files until it is aborted, and no longer', () => withStallTimers(async (timers) => {
  localStorage.clear();
  const KiB = 1 << 10;
  const { options, state } = await scenario({ PartSize: 400 * KiB, Threshold: 1, Faults: [{ On: 'put', Part: 1, Times: 1, Do: 'late' }, { On: 'put', Part: 2, Times: 99, Do: 'hang' }] });
  options.stall = STALL;
  const queue = new Queue(options);
  const upload = /** @type {import('../upload.js').Upload} */ (queue.add(file(1200 * KiB)));
  queue.start();
  await until('the second part hangs', () => upload.storedBytes === 400 * KiB && upload.sentBytes === 800 * KiB);
  const other = /** @type {import('../upload.js').Upload} */ (queue.add(file(300 * KiB, 'other.bin')));
  queue.start();
  await until('the other file waits', () => other.plan && timers.size === 1);
  equal((await state()).log.filter((line) => line.startsWith('put')), ['put 1', 'put 2'], 'on a slow line');
  timers.forEach((fire) => fire());
  await until('all but that part are stored', () => upload.storedBytes === 800 * KiB && other.state === 'done');
  queue.remove(upload);
}));

test('part URLs that are valid for a second are asked for again in time', async () => {
  const { upload, same } = await uploadThroughFaults({ Life: 1000, Faults: [{ On: 'put', Part: 1, Times: 1, Do: '503', After: '2' }] }, 16 * MiB);
  equal([upload.state, same], ['done', true]);
});

test('Retry-After is respected', async () => {
  const start = performance.now();
  const { states } = await uploadThroughFaults({ Faults: [{ On: 'issue', Times: 1, Do: '503', Code: 'store_unavailable', After: '2' }] }, 1000);
  ok(performance.now() - start > 1900, 'waited two seconds');
  ok(states.includes('retrying'), `the wait was shown: ${states}`);
});

// Chromium repeats some of these requests by itself: once for each idle connection, of which it keeps up to six.
for (const [on, Times] of /** @type {[string, number][]} */ ([['issue', 7], ['sign', 6], ['complete', 6]])) {
  test(`a server that can’t be reached for some calls to ${on} is waited for`, async () => {
    const { upload, states, same } = await uploadThroughFaults({ Faults: [{ On: on, Times, Do: 'reset' }] }, 11 * MiB);
    equal([upload.state, same], ['done', true]);
    ok(states.includes('offline'), `the wait was shown: ${states}`);
  });
}

test('a POST whose answer is lost isn’t sent again: completing finds the file', async () => {
  const { upload, log, same } = await uploadThroughFaults({ Faults: [{ On: 'post', Times: 9, Do: 'swallow' }] }, 1000);
  equal([upload.state, same, count(log, 'complete')], ['done', true, 1]);
});

test('a POST that never arrived is sent again', async () => {
  const { upload, states, same } = await uploadThroughFaults({ Faults: [{ On: 'post', Times: 5, Do: 'reset' }] }, 1000);
  equal([upload.state, same], ['done', true]);
  ok(states.includes('offline'), `the wait was shown: ${states}`);
});

test('parts that the store lost are sent again after completing has named them', async () => {
  const { upload, log, same } = await uploadThroughFaults({ Faults: [{ On: 'put', Part: 2, Times: 1, Do: '200' }] }, 16 * MiB);
  equal([upload.state, same], ['done', true]);
  equal(putCounts(log), { 'put 1': 1, 'put 2': 2, 'put 3': 1, 'put 4': 1 });
});

const fatal = [
  ['a quota', 'issue', '429', 'quota_exceeded', '3600', 'failed'],
  ['another type', 'issue', '415', 'type_not_allowed', '', 'refused'],
  ['no permission', 'issue', '403', 'forbidden', '', 'failed'],
  ['a refusal when completing', 'complete', '415', 'type_not_allowed', '', 'refused'],
];
for (const [name, On, Do, Code, After, state] of fatal) {
  test(`${name} isn’t tried again, and its code is kept`, async () => {
    const { upload, log, events } = await uploadThroughFaults({ Faults: [{ On, Times: 5, Do, Code, After }] }, 1000);
    equal([upload.state, upload.code], [state, Code]);
    equal([count(log, On), events], [1, ['add', 'fail']]);
  });
}

test('a form that the store keeps refusing is issued three more times, and fails with the store’s code', async () => {
  const { upload, log } = await uploadThroughFaults({ Faults: [{ On: 'post', Times: 9, Do: '403', Code: 'AccessDenied' }] }, 1000);
  equal([upload.state, upload.code, count(log, 'issue')], ['failed', 'AccessDenied', 4]);
});

test('a refusal without a code gets a code with its status', async () => {
  const { upload } = await uploadThroughFaults({ Faults: [{ On: 'issue', Times: 9, Do: '418' }] }, 1000);
  equal([upload.state, upload.code], ['failed', 'http_418']);
});

for (const size of [1000, 16 * MiB]) {
  test(`a file of ${size} bytes that can’t be read any more is interrupted, to be chosen again`, async () => {
    localStorage.clear();
    const { options } = await scenario({ Faults: [{ On: 'post', Times: 99, Do: 'reset' }, { On: 'put', Times: 99, Do: 'reset' }] });
    const queue = new Queue(options);
    const chosen = file(size);
    const upload = /** @type {import('../upload.js').Upload} */ (queue.add(chosen));
    // A try takes some milliseconds, so its state is waited for by event, not by polling.
    const sending = new Promise((resolve) => {
      upload.onChange = ({ state }) => state === 'sending' && resolve(null);
    });
    queue.start();
    await sending;
    chosen.slice = () => Object.assign(new Blob(), { arrayBuffer: () => Promise.reject(new DOMException('gone', 'NotReadableError')) });
    await until('it is noticed', () => upload.state === 'interrupted');
    equal([upload.code, upload.file], ['unreadable', null]);
    queue.remove(upload);
  });
}

test('a small file that was cut before it was sent has to be chosen again, whatever the store says', async () => {
  localStorage.clear();
  const { options } = await scenario({ Faults: [{ On: 'post', Times: 9, Do: '400', Code: 'EntityTooSmall' }] });
  const queue = new Queue(options);
  const chosen = file(1000);
  const upload = /** @type {import('../upload.js').Upload} */ (queue.add(chosen));
  chosen.slice = () => new Blob();
  queue.start();
  await until('it has ended', () => /failed|refused|interrupted/.test(upload.state));
  equal([upload.state, upload.code], ['interrupted', 'unreadable']);
  queue.remove(upload);
});

test('an upload that has expired is issued and sent again', async () => {
  const { upload, log, same } = await uploadThroughFaults({ Faults: [{ On: 'complete', Times: 1, Do: '410', Code: 'upload_expired' }] }, 11 * MiB);
  equal([upload.state, count(log, 'issue')], ['done', 2]);
  ok(same, 'same content');
});
