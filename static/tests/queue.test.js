import { Queue } from '../queue.js';
import { checkRules, includesType } from '../rules.js';
import { Upload } from '../upload.js';
import { count, equal, file, ok, scenario, sum, test, until } from './harness.js';

const MiB = 1 << 20;
const hangingParts = { Faults: [{ On: 'put', Times: 100, Do: 'hang' }] };

/** Starts the upload of one file. @param {object} setup @param {number} size */
async function startUpload(setup, size) {
  localStorage.clear();
  const made = await scenario(setup);
  const queue = new Queue(made.options);
  const chosen = file(size);
  const upload = /** @type {Upload} */ (queue.add(chosen));
  queue.start();
  return { ...made, queue, chosen, upload };
}

test('a type matches itself, its family, or any type', () => {
  equal([includesType(['image/png'], 'image/png'), includesType(['text/plain', 'image/*'], 'image/png'), includesType(['*/*'], '')], [true, true, true]);
  equal([includesType(['image/heic', '.heic'], '', 'A.b.HEIC'), includesType(['.heic'], 'binary/octet-stream', 'a.heic'), includesType(['image/*'], '', 'a.heic')], [true, true, true]);
  equal([includesType(['.heic'], '', 'a.png'), includesType(['.heic'], '', 'heic'), includesType(['.heic'], 'text/html', 'a.heic'), includesType(['image/*'], '', 'heic')], [false, false, false, false]);
  equal([includesType(['image/png'], 'image/pngx'), includesType(['image/*'], 'imagex/png'), includesType(['image/*'], '')], [false, false, false]);
});

test('rules are checked before sending', () => {
  const rules = { types: ['text/plain'], typeNames: '', min: 2, max: 4, multiple: true };
  const check = (/** @type {number} */ size, /** @type {string} */ type) => checkRules(file(size, 'a', type), rules);
  equal([check(1, 'text/plain'), check(2, 'text/plain'), check(4, 'text/plain'), check(5, 'text/plain'), check(3, 'image/png')],
    ['size_too_small', '', '', 'size_too_large', 'type_not_allowed']);
});

test('where only one file is allowed, a second one is refused and the first one stays', async () => {
  const { options } = await scenario({});
  options.rules.multiple = false;
  const queue = new Queue(options);
  queue.add(file(10, 'a'));
  equal([queue.full, queue.add(file(10, 'b'))?.code, queue.uploads.size], [true, 'too_many', 2]);
});

test('where only one file is allowed, a new choice replaces it unless the new file is refused', async () => {
  const { options } = await scenario({});
  Object.assign(options.rules, { multiple: false, max: 20 });
  const queue = new Queue(options);
  const names = () => [...queue.uploads].map(({ name, code }) => name + code);
  queue.add(file(10, 'a'), true);
  queue.add(file(30, 'b'), true);
  equal(names(), ['a', 'bsize_too_large']);
  queue.add(file(10, 'c'), true);
  queue.add(file(10, 'd'));
  equal(names(), ['c', 'dtoo_many']);
});

test('files beyond the allowed number are refused until one is removed', async () => {
  const { options } = await scenario({});
  options.rules.maxFiles = 2;
  const queue = new Queue(options);
  const [a, b, c] = ['a', 'b', 'c'].map((name) => queue.add(file(10, name)));
  equal([a?.code, b?.code, c?.code, queue.full], ['', '', 'too_many', true]);
  queue.remove(/** @type {Upload} */ (a));
  equal([queue.full, queue.add(file(10, 'd'))?.code], [false, '']);
});

test('a file isn’t added when a listener prevents the event', async () => {
  const { options } = await scenario({});
  options.emit = (name) => name !== 'add';
  const queue = new Queue(options);
  equal([queue.add(file(1)), queue.uploads.size], [null, 0]);
});

test('no more files are sent at once than the concurrency', async () => {
  localStorage.clear();
  const { options, state } = await scenario({});
  const queue = new Queue(options);
  let maximum = 0;
  options.onChange = () => { maximum = Math.max(maximum, [...queue.uploads].filter((upload) => /preparing|sending|confirming/.test(upload.state)).length); };
  for (let n = 0; n < 30; n++) queue.add(file(100 + n, `file ${n}`));
  queue.start();
  await until('all are done', () => [...queue.uploads].every((upload) => upload.state === 'done'));
  ok(maximum <= options.concurrency, `at most the concurrency, got ${maximum}`);
  equal((await state()).uploads, 30);
});

test('a pause keeps what the store has, and resuming sends only the rest', async () => {
  const { queue, upload, state, chosen } = await startUpload({ Faults: [{ On: 'put', Part: 4, Times: 1, Do: 'hang' }] }, 20 * MiB);
  await until('three parts are stored and the last one hangs', async () => upload.storedBytes === 15 * MiB && count((await state()).log, 'put 4') === 1);
  queue.pause(upload);
  equal([upload.state, upload.sentBytes], ['paused', 15 * MiB]);
  queue.resume(upload);
  await until('it is done', () => upload.state === 'done');
  const { log, sums } = await state();
  equal([1, 2, 3, 4].map((n) => count(log, `put ${n}`)), [1, 1, 1, 2]);
  equal(sums[chosen.name], await sum(chosen));
});

test('cancelling removes the parts from the store and the file from the list', async () => {
  const { queue, upload, state } = await startUpload(hangingParts, 20 * MiB);
  await until('it is sending', () => upload.state === 'sending');
  ok(queue.remove(upload), 'removed');
  equal([queue.uploads.size, Object.keys(localStorage)], [0, []]);
  await until('the store is empty', async () => (await state()).uploads === 0);
});

test('after a file is cancelled the next one is sent', async () => {
  const { queue, upload, options } = await startUpload(hangingParts, 20 * MiB);
  options.concurrency = 1;
  const next = /** @type {Upload} */ (queue.add(file(10, 'next')));
  queue.start();
  await until('it is sending', () => upload.state === 'sending');
  queue.remove(upload);
  await until('the next one is done', () => next.state === 'done');
});

test('an unfinished upload of an earlier visit is listed, and only the rest of it is sent', async () => {
  const first = await startUpload({ Faults: [{ On: 'put', Part: 4, Times: 1, Do: 'hang' }] }, 20 * MiB);
  await until('three parts are stored and the last one hangs', async () => first.upload.storedBytes === 15 * MiB && count((await first.state()).log, 'put 4') === 1);
  first.upload.controller?.abort();
  const queue = new Queue(first.options);
  await until('the lock is free', async () => !(await navigator.locks.query()).held?.length);
  await queue.restore();
  const [upload] = queue.uploads;
  equal([upload.state, upload.name, upload.storedBytes], ['interrupted', first.chosen.name, 15 * MiB]);
  queue.offerFile(upload, file(20 * MiB, 'another.bin'));
  equal([upload.state, upload.code], ['interrupted', 'other_file']);
  equal(queue.add(first.chosen), upload, 'the file chosen again');
  await until('it is done', () => upload.state === 'done');
  const { log, sums } = await first.state();
  equal([1, 2, 3, 4].map((n) => count(log, `put ${n}`)), [1, 1, 1, 2]);
  equal([sums[first.chosen.name], count(log, 'issue')], [await sum(first.chosen), 1]);
  equal(Object.keys(localStorage), []);
});

for (const [name, Do, Code, storedBytes] of /** @type {[string, string, string, number][]} */ ([
  ['the server doesn’t know', '404', 'unknown_upload', 0], ['the store can’t look for', '503', 'store_unavailable', 5 * MiB],
  ['nobody can be asked for, without a network,', 'reset', '', 5 * MiB],
])) {
  test(`an upload that ${name} has ${storedBytes} stored bytes after a reload`, async () => {
    const first = await startUpload({ Faults: [{ On: 'put', Part: 2, Times: 99, Do: 'hang' }, { On: 'list', Times: 9, Do, Code }] }, 10 * MiB);
    await until('one part is stored', () => first.upload.storedBytes === 5 * MiB);
    first.upload.controller?.abort();
    await until('the lock is free', async () => !(await navigator.locks.query()).held?.length);
    const queue = new Queue(first.options);
    await queue.restore();
    const [upload] = queue.uploads;
    equal([upload.state, upload.storedBytes, upload.plan], ['interrupted', storedBytes, null]);
    queue.remove(upload);
  });
}

/** A file in the browser's own storage, with a handle as the file dialogue gives one. @param {Blob} content @param {string} name */
async function fileWithHandle(content, name) {
  const handle = await (await navigator.storage.getDirectory()).getFileHandle(name, { create: true });
  const stream = await handle.createWritable();
  await stream.write(content);
  await stream.close();
  return Object.assign(await handle.getFile(), { handle });
}

test('an upload whose file can be opened by its handle is resumed without a question', async () => {
  localStorage.clear();
  const { options, state } = await scenario({ Faults: [{ On: 'put', Part: 2, Times: 1, Do: 'hang' }] });
  const chosen = await fileWithHandle(file(10 * MiB), 'kept.bin');
  const first = new Queue(options);
  const upload = /** @type {Upload} */ (first.add(chosen));
  first.start();
  await until('one part is stored and the other hangs', async () => upload.storedBytes === 5 * MiB && count((await state()).log, 'put 2') === 1);
  upload.controller?.abort();
  await until('the lock is free', async () => !(await navigator.locks.query()).held?.length);
  const second = new Queue(options);
  await second.restore();
  const [again] = second.uploads;
  await until('it is done', () => again.state === 'done');
  equal([count((await state()).log, 'put 1'), (await state()).sums['kept.bin']], [1, await sum(chosen)]);
});

test('a handle that needs permission is kept until the person is asked; without permission it is dropped', async () => {
  const { options } = await scenario({});
  const { saved } = new Queue(options);
  const upload = new Upload(null, { name: 'a', size: 1, lastModified: 1 }, () => {});
  const answer = { prompt: 'prompt' };
  const handle = { queryPermission: () => answer.prompt, requestPermission: () => 'denied', getFile: () => Promise.reject(new Error('gone')) };
  saved.withHandles = async () => handle;
  equal([await saved.reopenFile(upload, false), upload.handle === /** @type {any} */ (handle)], [null, true], 'before the question');
  equal([await saved.reopenFile(upload, true), upload.handle], [null, null], 'after a no');
  answer.prompt = 'granted';
  equal([await saved.reopenFile(upload, false), upload.handle], [null, null], 'when the file is gone');
});

test('a file of the same name, size and date but with other content is sent from the start', async () => {
  const first = await startUpload(hangingParts, 20 * MiB);
  await until('it is kept', () => Object.keys(localStorage).length);
  first.upload.controller?.abort();
  await until('the lock is free', async () => !(await navigator.locks.query()).held?.length);
  const other = new File([new Uint8Array(20 * MiB)], first.chosen.name, { lastModified: first.chosen.lastModified });
  const queue = new Queue(first.options);
  queue.add(other);
  queue.start();
  await until('another upload is issued', async () => count((await first.state()).log, 'issue') === 2);
  for (const upload of queue.uploads) queue.remove(upload);
});

test('a ticket that is refused is renewed once', async () => {
  const { options, state } = await scenario({ Faults: [{ On: 'issue', Times: 1, Do: '401', Code: 'unauthorized' }] });
  /** @type {boolean[]} */
  const renewals = [];
  options.ticket = (renew) => {
    renewals.push(renew);
    return 'a.b.c';
  };
  const queue = new Queue(options);
  const upload = /** @type {Upload} */ (queue.add(file(10)));
  queue.start();
  await until('it is done', () => upload.state === 'done');
  equal([renewals, count((await state()).log, 'issue')], [[false, true], 2]);
});

test('uploads work without storage', async () => {
  const { setItem } = Storage.prototype;
  Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); };
  try {
    const { upload } = await startUpload({}, 11 * MiB);
    await until('it is done', () => upload.state === 'done');
  } finally {
    Storage.prototype.setItem = setItem;
  }
});
