import { Queue } from '../queue.js';
import { checkRules, includesType } from '../rules.js';
import { Upload } from '../upload.js';
import { count, equal, file, ok, saved, scenario, sum, test, until } from './harness.js';

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
  options.onChange = () => { maximum = Math.max(maximum, [...queue.uploads].filter((upload) => upload.state === 'sending').length); };
  for (let n = 0; n < 30; n++) queue.add(file(100 + n, `file ${n}`));
  queue.start();
  await until('all are done', () => [...queue.uploads].every((upload) => upload.state === 'done'));
  ok(maximum <= options.concurrency, `at most the concurrency, got ${maximum}`);
  const { uploads, log } = await state();
  equal([uploads, count(log, 'post'), count(log, 'issue') + count(log, 'complete') <= 6], [30, 30, true], log.join());
});

test('many small files are issued and completed together, and one that is refused spoils none', async () => {
  localStorage.clear();
  const { options, state } = await scenario({});
  const queue = new Queue(options);
  for (let n = 0; n < 150; n++) queue.add(file(100 + n, n === 7 ? 'refused' : `file ${n}`));
  const large = /** @type {Upload} */ (queue.add(file(300 << 10, 'large')));
  queue.start();
  await until('all have ended', () => [...queue.uploads].every(({ state: now }) => /done|refused/.test(now)));
  const { log } = await state();
  equal([[...queue.uploads].map((upload) => upload.state + upload.code).filter((text) => text !== 'done'), large.state], [['refusedtype_not_allowed'], 'done']);
  ok(log.length <= 1.1 * 150, `at most 1.1 requests per file, got ${log.length}`);
});

test('small files are sent without being read by the script, and without asking which locks there are', async () => {
  localStorage.clear();
  const { options } = await scenario({});
  const queue = new Queue(options);
  const { locks } = navigator;
  let [reads, queries] = [0, 0];
  locks.query = () => { queries++; return LockManager.prototype.query.call(locks); };
  for (let n = 0; n < 20; n++) {
    const chosen = file(100 + n, `file ${n}`);
    chosen.slice = (...range) => { reads++; return Blob.prototype.slice.apply(chosen, range); };
    queue.add(chosen);
  }
  queue.start();
  await until('all are done', () => [...queue.uploads].every((upload) => upload.state === 'done'));
  Reflect.deleteProperty(locks, 'query');
  equal([reads, queries], [0, 0]);
});

test('when the requests for many files fail, they are sent all the same', async () => {
  localStorage.clear();
  const { options, state } = await scenario({ Faults: [
    { On: 'issue batch', Times: 1, Do: '503', Code: 'store_unavailable' }, { On: 'complete batch', Times: 1, Do: 'swallow' }, { On: 'post', Times: 2, Do: 'reset' },
  ] });
  const queue = new Queue(options);
  for (let n = 0; n < 30; n++) queue.add(file(100 + n, `file ${n}`));
  queue.start();
  await until('all are done', () => [...queue.uploads].every((upload) => upload.state === 'done'));
  equal(Object.keys((await state()).sums).length, 30, 'stored files');
});

test('a small file that is removed before its turn is aborted, and one that is paused goes on later', async () => {
  localStorage.clear();
  const { options, state } = await scenario({ Faults: [{ On: 'post', Times: 1, Do: 'late' }] });
  options.concurrency = 1;
  const queue = new Queue(options);
  const all = ['a', 'b', 'c', 'd'].map((name) => /** @type {Upload} */ (queue.add(file(100, name))));
  queue.start();
  await until('all have a plan', () => all.every((upload) => upload.plan));
  queue.remove(all[3]);
  equal(all[1].state, 'preparing');
  queue.pause(all[1]);
  await until('the others are done', () => all[0].state === 'done' && all[2].state === 'done');
  queue.resume(all[1]);
  await until('it is done', () => all[1].state === 'done');
  const { log, sums } = await state();
  equal([Object.keys(sums).sort(), count(log, 'issue'), count(log, 'post'), count(log, 'delete')], [['a', 'b', 'c'], 1, 3, 1]);
});

/**
 * Calls `begun` when a request for a part begins, and `ended` when it has ended, while the body runs.
 * @param {{begun?: () => void, ended?: (event: string) => void}} watch @param {() => Promise<void>} body
 */
async function watchParts({ begun, ended }, body) {
  const { XMLHttpRequest: original } = window;
  window.XMLHttpRequest = class extends original {
    /** @override @param {string} method @param {string} url */
    open(method, url) {
      if (method === 'PUT') {
        begun?.();
        for (const event of ['load', 'error', 'abort']) this.addEventListener(event, () => ended?.(event));
      }
      super.open(method, url);
    }
  };
  try {
    await body();
  } finally {
    window.XMLHttpRequest = original;
  }
}

const KiB = 1 << 10;
// Each part takes half a second or longer. At the rates of these parts the line is slow, or not so slow.
for (const [kept, PartSize, most] of /** @type {[string, number, number][]} */ ([
  ['0', 400 * KiB, 1], ['500000', 400 * KiB, 1], ['0', 2 * MiB, 2], ['3000000', 2 * MiB, 2], ['none', 2 * MiB, 2],
])) {
  test(`with a kept rate of ${kept} at most ${most} parts of ${PartSize} bytes are under way while each takes half a second`, async () => {
    let [underWay, largest] = [0, 0];
    await watchParts({ begun: () => { largest = Math.max(largest, ++underWay); }, ended: () => { underWay--; } }, async () => {
      localStorage.clear();
      localStorage['postern-rate'] = kept;
      const { options } = await scenario({ PartSize, Threshold: 1, Faults: [{ On: 'put', Times: 9, Do: 'late' }] });
      const queue = new Queue(options);
      const upload = /** @type {Upload} */ (queue.add(file(4 * PartSize)));
      queue.start();
      await until('it is done', () => upload.state === 'done');
    });
    const rate = +localStorage['postern-rate'];
    ok(largest <= most && rate > 0 && rate < 22e6, `at most ${most} parts at a rate that was measured, got ${largest} at ${rate}`);
  });
}

test('on a fast line parts that wait for their answer make room for others', async () => {
  const { queue, upload, state } = await startUpload({ Faults: [2, 3].map((Part) => ({ On: 'put', Part, Times: 9, Do: 'hang' })) }, 25 * MiB);
  await until('all others are stored', () => upload.storedBytes === 15 * MiB);
  equal((await state()).log.filter((line) => line.startsWith('put')).sort(), [1, 2, 3, 4, 5].map((n) => `put ${n}`));
  queue.remove(upload);
});

test('the first part is sent alone where no rate is known, and two where one is', async () => {
  const starts = [];
  for (const kept of ['0', '3000000']) {
    localStorage.clear();
    localStorage['postern-rate'] = kept;
    const { options, state } = await scenario(hangingParts);
    const queue = new Queue(options);
    const upload = /** @type {Upload} */ (queue.add(file(20 * MiB)));
    queue.start();
    await until('all of the first parts is sent', () => upload.sentBytes >= (kept === '0' ? 5 : 10) * MiB);
    starts.push((await state()).log.filter((line) => line.startsWith('put')).sort());
    queue.remove(upload);
  }
  equal(starts, [['put 1'], ['put 1', 'put 2']]);
});

for (const [name, locks, atOnce] of /** @type {[string, boolean, boolean][]} */ ([
  ['the rest is sent later', true, false], ['the rest is sent at once', true, true], ['the rest is sent at once where there are no locks', false, true],
])) {
  test(`a pause lets a part end that is nearly sent, and only ${name}`, async () => {
    if (!locks) Object.defineProperty(navigator, 'locks', { value: undefined, configurable: true });
    try {
      const { queue, upload, state, chosen } = await startUpload({ Faults: [{ On: 'put', Part: 2, Times: 1, Do: 'late' }] }, 10 * MiB);
      await until('the second part is sent and has no answer', () => upload.storedBytes === 5 * MiB && upload.sentBytes === 10 * MiB);
      queue.pause(upload);
      equal([upload.state, upload.storedBytes, upload.sentBytes], ['paused', 5 * MiB, 5 * MiB], 'at once');
      if (!atOnce) {
        await until('the part is stored', () => upload.storedBytes === 10 * MiB);
        equal(upload.state, 'paused');
      }
      queue.resume(upload);
      await until('it is done', () => upload.state === 'done');
      const { log, sums } = await state();
      equal([1, 2].map((n) => count(log, `put ${n}`)), [1, 1]);
      equal(sums[chosen.name], await sum(chosen));
    } finally {
      Reflect.deleteProperty(navigator, 'locks');
    }
  });
}

test('the rate is sent as a hint, whatever is kept of it', async () => {
  /** @type {number[]} */
  const sent = [];
  const { send } = XMLHttpRequest.prototype;
  XMLHttpRequest.prototype.send = function (body) {
    if (typeof body === 'string') sent.push(JSON.parse(body).rate);
    send.call(this, /** @type {any} */ (body));
  };
  try {
    for (const kept of ['', '1234567.8', '-5', '0', 'fast', '1e300', 'Infinity']) {
      localStorage.clear();
      if (kept) localStorage['postern-rate'] = kept;
      const { options } = await scenario({});
      const queue = new Queue(options);
      const upload = /** @type {Upload} */ (queue.add(file(10)));
      queue.start();
      await until('it is done', () => upload.state === 'done');
    }
  } finally {
    XMLHttpRequest.prototype.send = send;
  }
  equal(sent.filter((rate) => rate !== undefined), [1234568, 1e10, 1e10]);
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

for (const paused of [false, true]) {
  test(`cancelling ${paused ? 'after a pause ' : ''}aborts the part that is under way, and removes the others from the store and the file from the list`, async () => {
    /** @type {string[]} */
    const ends = [];
    await watchParts({ ended: (event) => ends.push(event) }, async () => {
      const { queue, upload, state } = await startUpload({ Faults: [{ On: 'put', Part: 2, Times: 1, Do: 'hang' }] }, 10 * MiB);
      await until('all of the second part is sent', () => upload.storedBytes === 5 * MiB && upload.sentBytes === 10 * MiB);
      if (paused) queue.pause(upload);
      equal(ends, ['load'], 'before');
      ok(queue.remove(upload), 'removed');
      equal([ends, queue.uploads.size, saved()], [['load', 'abort'], 0, []]);
      await until('the store is empty', async () => (await state()).uploads === 0);
    });
  });
}

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
  equal(saved(), []);
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
  const kept = new Queue(options).saved;
  const upload = new Upload(null, { name: 'a', size: 1, lastModified: 1 }, () => {});
  const answer = { prompt: 'prompt' };
  const handle = { queryPermission: () => answer.prompt, requestPermission: () => 'denied', getFile: () => Promise.reject(new Error('gone')) };
  kept.withHandles = async () => handle;
  equal([await kept.reopenFile(upload, false), upload.handle === /** @type {any} */ (handle)], [null, true], 'before the question');
  equal([await kept.reopenFile(upload, true), upload.handle], [null, null], 'after a no');
  answer.prompt = 'granted';
  equal([await kept.reopenFile(upload, false), upload.handle], [null, null], 'when the file is gone');
});

test('a file of the same name, size and date but with other content is sent from the start', async () => {
  const first = await startUpload(hangingParts, 20 * MiB);
  await until('it is kept', () => saved().length);
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
