import { Queue, fits, objection } from '../queue.js';
import { Upload } from '../upload.js';
import { count, equal, file, ok, realm, sum, test, until } from './harness.js';

const MiB = 1 << 20;
const slow = { Faults: [{ On: 'put', Times: 100, Do: 'hang' }] };

/** @param {object} setup @param {number} size */
async function begun(setup, size) {
  localStorage.clear();
  const made = await realm(setup);
  const queue = new Queue(made.host);
  const chosen = file(size);
  const upload = /** @type {Upload} */ (queue.add(chosen));
  queue.start();
  return { ...made, queue, chosen, upload };
}

test('types are matched whole, by family, or all', () => {
  equal([fits('image/png', ['image/png']), fits('image/png', ['text/plain', 'image/*']), fits('', ['*/*'])], [true, true, true]);
  equal([fits('image/pngx', ['image/png']), fits('imagex/png', ['image/*']), fits('', ['image/*'])], [false, false, false]);
});

test('rules are checked before sending', () => {
  const rules = { types: ['text/plain'], names: '', min: 2, max: 4, many: true };
  const check = (/** @type {number} */ size, /** @type {string} */ type) => objection(file(size, 'a', type), rules);
  equal([check(1, 'text/plain'), check(2, 'text/plain'), check(4, 'text/plain'), check(5, 'text/plain'), check(3, 'image/png')],
    ['size_too_small', '', '', 'size_too_large', 'type_not_allowed']);
});

test('where one file may be uploaded, a second one is refused and the first goes on', async () => {
  const { host } = await realm({});
  host.rules.many = false;
  const queue = new Queue(host);
  queue.add(file(10, 'a'));
  equal([queue.full, queue.add(file(10, 'b'))?.code, queue.uploads.size], [true, 'too_many', 2]);
});

test('an objection to the event keeps the file out', async () => {
  const { host } = await realm({});
  host.tell = (name) => name !== 'add';
  const queue = new Queue(host);
  equal([queue.add(file(1)), queue.uploads.size], [null, 0]);
});

test('no more files travel at once than were asked for', async () => {
  localStorage.clear();
  const { host, state } = await realm({});
  const queue = new Queue(host);
  let most = 0;
  host.changed = () => { most = Math.max(most, [...queue.uploads].filter((upload) => /preparing|sending|confirming/.test(upload.state)).length); };
  for (let n = 0; n < 30; n++) queue.add(file(100 + n, `file ${n}`));
  queue.start();
  await until('all are done', () => [...queue.uploads].every((upload) => upload.state === 'done'));
  ok(most <= host.abreast, `at once: ${most}`);
  equal((await state()).uploads, 30);
});

test('pause keeps what is safe, and resume sends only the rest', async () => {
  const { queue, upload, state, chosen } = await begun({ Faults: [{ On: 'put', Part: 4, Times: 1, Do: 'hang' }] }, 20 * MiB);
  await until('three parts are safe and the last one hangs', async () => upload.safe === 15 * MiB && count((await state()).log, 'put 4') === 1);
  queue.pause(upload);
  equal([upload.state, upload.sent], ['paused', 15 * MiB]);
  queue.resume(upload);
  await until('it is done', () => upload.state === 'done');
  const { log, sums } = await state();
  equal([1, 2, 3, 4].map((n) => count(log, `put ${n}`)), [1, 1, 1, 2]);
  equal(sums[chosen.name], await sum(chosen));
});

test('cancelling takes the parts off the store and the file off the list', async () => {
  const { queue, upload, state } = await begun(slow, 20 * MiB);
  await until('it is sending', () => upload.state === 'sending');
  ok(queue.remove(upload), 'removed');
  equal([queue.uploads.size, Object.keys(localStorage)], [0, []]);
  await until('the store is empty', async () => (await state()).uploads === 0);
});

test('a cancelled file makes room for the next', async () => {
  const { queue, upload, host } = await begun(slow, 20 * MiB);
  host.abreast = 1;
  const next = /** @type {Upload} */ (queue.add(file(10, 'next')));
  queue.start();
  await until('it is sending', () => upload.state === 'sending');
  queue.remove(upload);
  await until('the next one is done', () => next.state === 'done');
});

test('what an earlier visit left is listed, and only the rest of it is sent', async () => {
  const first = await begun({ Faults: [{ On: 'put', Part: 4, Times: 1, Do: 'hang' }] }, 20 * MiB);
  await until('three parts are safe and the last one hangs', async () => first.upload.safe === 15 * MiB && count((await first.state()).log, 'put 4') === 1);
  first.upload.stop?.abort();
  const queue = new Queue(first.host);
  await until('the lock is free', async () => !(await navigator.locks.query()).held?.length);
  await queue.restore();
  const [upload] = queue.uploads;
  equal([upload.state, upload.name, upload.safe], ['interrupted', first.chosen.name, 15 * MiB]);
  queue.offer(upload, file(20 * MiB, 'another.bin'));
  equal([upload.state, upload.code], ['interrupted', 'other_file']);
  equal(queue.add(first.chosen), upload, 'the file chosen again');
  await until('it is done', () => upload.state === 'done');
  const { log, sums } = await first.state();
  equal([1, 2, 3, 4].map((n) => count(log, `put ${n}`)), [1, 1, 1, 2]);
  equal([sums[first.chosen.name], count(log, 'issue')], [await sum(first.chosen), 1]);
  equal(Object.keys(localStorage), []);
});

for (const [name, Do, Code, safe] of /** @type {[string, string, string, number][]} */ ([
  ['forgot', '404', 'unknown_upload', 0], ['can’t look for', '503', 'store_unavailable', 5 * MiB], ['isn’t asked for, offline,', 'reset', '', 5 * MiB],
])) {
  test(`what the store ${name} is told as it is`, async () => {
    const first = await begun({ Faults: [{ On: 'put', Part: 2, Times: 99, Do: 'hang' }, { On: 'list', Times: 9, Do, Code }] }, 10 * MiB);
    await until('one part is safe', () => first.upload.safe === 5 * MiB);
    first.upload.stop?.abort();
    await until('the lock is free', async () => !(await navigator.locks.query()).held?.length);
    const queue = new Queue(first.host);
    await queue.restore();
    const [upload] = queue.uploads;
    equal([upload.state, upload.safe, upload.plan], ['interrupted', safe, null]);
    queue.remove(upload);
  });
}

/** A file in the browser's own storage, with a handle as the file dialogue gives one. @param {Blob} content @param {string} name */
async function handled(content, name) {
  const handle = await (await navigator.storage.getDirectory()).getFileHandle(name, { create: true });
  const stream = await handle.createWritable();
  await stream.write(content);
  await stream.close();
  return Object.assign(await handle.getFile(), { handle });
}

test('a file whose handle may be opened goes on by itself, unless it has changed', async () => {
  localStorage.clear();
  const { host, state } = await realm({ Faults: [{ On: 'put', Part: 2, Times: 1, Do: 'hang' }] });
  const chosen = await handled(file(10 * MiB), 'kept.bin');
  const first = new Queue(host);
  const upload = /** @type {Upload} */ (first.add(chosen));
  first.start();
  await until('one part is safe and the other hangs', async () => upload.safe === 5 * MiB && count((await state()).log, 'put 2') === 1);
  upload.stop?.abort();
  await until('the lock is free', async () => !(await navigator.locks.query()).held?.length);
  const second = new Queue(host);
  await second.restore();
  const [again] = second.uploads;
  await until('it is done', () => again.state === 'done');
  equal([count((await state()).log, 'put 1'), (await state()).sums['kept.bin']], [1, await sum(chosen)]);
});

test('a handle that may be opened after a question waits for it; one that may not is forgotten', async () => {
  const { host } = await realm({});
  const { memory } = new Queue(host);
  const upload = new Upload(null, { name: 'a', size: 1, lastModified: 1 }, () => {});
  const answer = { prompt: 'prompt' };
  const handle = { queryPermission: () => answer.prompt, requestPermission: () => 'denied', getFile: () => Promise.reject(new Error('gone')) };
  memory.handles = async () => handle;
  equal([await memory.reopen(upload, false), upload.handle === /** @type {any} */ (handle)], [null, true], 'before the question');
  equal([await memory.reopen(upload, true), upload.handle], [null, null], 'after a no');
  answer.prompt = 'granted';
  equal([await memory.reopen(upload, false), upload.handle], [null, null], 'when the file is gone');
});

test('a file of the same name, size and date but other content begins anew', async () => {
  const first = await begun(slow, 20 * MiB);
  await until('it is kept', () => Object.keys(localStorage).length);
  first.upload.stop?.abort();
  await until('the lock is free', async () => !(await navigator.locks.query()).held?.length);
  const other = new File([new Uint8Array(20 * MiB)], first.chosen.name, { lastModified: first.chosen.lastModified });
  const queue = new Queue(first.host);
  queue.add(other);
  queue.start();
  await until('another upload is issued', async () => count((await first.state()).log, 'issue') === 2);
  for (const upload of queue.uploads) queue.remove(upload);
});

test('a ticket that is refused is renewed once', async () => {
  const { host, state } = await realm({ Faults: [{ On: 'issue', Times: 1, Do: '401', Code: 'unauthorized' }] });
  /** @type {boolean[]} */
  const asked = [];
  host.ticket = (renew) => {
    asked.push(renew);
    return 'a.b.c';
  };
  const queue = new Queue(host);
  const upload = /** @type {Upload} */ (queue.add(file(10)));
  queue.start();
  await until('it is done', () => upload.state === 'done');
  equal([asked, count((await state()).log, 'issue')], [[false, true], 2]);
});

test('without storage uploads work', async () => {
  const { setItem } = Storage.prototype;
  Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); };
  try {
    const { upload } = await begun({}, 11 * MiB);
    await until('it is done', () => upload.state === 'done');
  } finally {
    Storage.prototype.setItem = setItem;
  }
});
