/** @import {Upload} from '../upload.js' */
/** @import {SavedUpload} from '../types.d.ts' */
import { Queue } from '../queue.js';
import { count, equal, file, ok, saved as savedKeys, scenario, sum, test, until } from './harness.js';

const MiB = 1 << 20;
const size = 10 * MiB;
/** The second part of the file never arrives, so that the upload stays unfinished. */
const unfinished = { Faults: [{ On: 'put', Part: 2, Times: 1, Do: 'hang' }] };

/** A scenario in which a person has an unfinished upload that no page is sending. @param {string[]} owners marks of the person, none for a guest */
async function leaveUpload(...owners) {
  localStorage.clear();
  sessionStorage.clear();
  const made = await scenario(unfinished);
  await made.become(...owners);
  const queue = new Queue(made.options);
  const chosen = file(size);
  const upload = /** @type {Upload} */ (queue.add(chosen));
  queue.start();
  await until('one part is stored and the other hangs', async () => upload.storedBytes === 5 * MiB && count((await made.state()).log, 'put 2') === 1);
  await leave(queue);
  return { ...made, chosen, upload };
}

/** Ends a page: what it was sending is left as it is. @param {Queue} queue */
async function leave(queue) {
  for (const { controller } of queue.uploads) controller?.abort();
  await until('the locks are free', async () => !(await navigator.locks.query()).held?.length);
  localStorage.removeItem('postern-rate'); // which is no upload
}

/** Names and states of the files in a page that was opened just now. @param {Queue} queue */
async function listed(queue) {
  await queue.restore();
  return [...queue.uploads].map((upload) => `${upload.name} ${upload.state}`);
}

for (const [name, owners, others] of /** @type {[string, string[], string[]][]} */ ([
  ['person', ['alice'], ['bob']], ['guest after a person', ['alice'], []], ['person after a guest', [], ['bob']],
])) {
  test(`an unfinished upload is neither shown to, nor finished or discarded by another ${name}; its owner goes on with it`, async () => {
    const { options, state, become, chosen, upload: left } = await leaveUpload(...owners);
    const before = savedKeys().map((key) => localStorage[key]);
    await become(...others);
    const other = new Queue(options);
    equal(await listed(other), []);
    const upload = /** @type {Upload} */ (other.add(chosen));
    equal(upload.state, 'chosen', 'the same file, chosen by the other');
    other.start();
    await until('it is done', () => upload.state === 'done');
    const { log } = await state();
    equal([count(log, 'issue'), count(log, 'list'), count(log, 'delete'), upload.plan?.id === left.plan?.id], [2, 0, 0, false]);
    const again = /** @type {Upload} */ (other.add(chosen));
    other.remove(again);
    equal(savedKeys().map((key) => localStorage[key]), before, 'what is saved');
    await become(...owners);
    const own = new Queue(options);
    equal(await listed(own), ['garden.bin interrupted']);
    own.offerFile([...own.uploads][0], chosen);
    await until('it is done', () => [...own.uploads][0].state === 'done');
    equal([count((await state()).log, 'put 1'), (await state()).sums[chosen.name], savedKeys()], [2, await sum(chosen), []]);
  });
}

test('after a rotation of keys an upload with a mark of an older key is shown and resumed', async () => {
  const { options, state, become, chosen } = await leaveUpload('alice');
  await become('alice-by-the-new-key', 'alice');
  equal(await listed(new Queue(options)), ['garden.bin interrupted']);
  const queue = new Queue(options);
  queue.add(chosen);
  queue.start();
  await until('it is done', () => [...queue.uploads][0].state === 'done');
  equal([count((await state()).log, 'issue'), savedKeys()], [1, []]);
});

test('a guest goes on after a reload; another tab shows nothing', async () => {
  const { options } = await leaveUpload();
  const tab = sessionStorage['postern guest'];
  ok(/^guest-[\d,]+$/.test(tab), `a mark of the tab, got ${tab}`);
  equal(await listed(new Queue(options)), ['garden.bin interrupted'], 'after a reload');
  sessionStorage.clear();
  equal(await listed(new Queue(options)), [], 'in another tab');
  sessionStorage['postern guest'] = tab;
  equal(await listed(new Queue(options)), ['garden.bin interrupted'], 'in the first tab');
});

test('the server is asked whose the page is only if something is saved, the page doesn’t say it, or there is a ticket', async () => {
  const { options, state } = await leaveUpload('alice');
  const asked = async () => count((await state()).log, 'owner');
  equal(await asked(), 0, 'while nothing was saved');
  options.owners = () => ['bob'];
  equal(await listed(new Queue(options)), []);
  options.owners = () => ['alice'];
  equal(await listed(new Queue(options)), ['garden.bin interrupted']);
  equal(await asked(), 0, 'where the page says it');
  options.ticket = () => 'of alice';
  options.owners = () => ['bob'];
  const queue = new Queue(options);
  equal([await listed(queue), await listed(queue), await asked()], [['garden.bin interrupted'], ['garden.bin interrupted'], 1], 'by a ticket');
});

for (const [name, fault, shown] of /** @type {[string, object, string[]][]} */ ([
  ['answers after a while', { Do: '503', Code: 'store_unavailable' }, ['garden.bin interrupted']],
  ['refuses the ticket', { Do: '401', Code: 'unauthorized' }, []],
])) {
  test(`nothing is shown before it is known whose the page is: the server ${name}`, async () => {
    const left = await leaveUpload('alice');
    const { options } = await scenario({ Owners: ['alice'], Owner: 'alice', Faults: [{ On: 'owner', Times: 2, ...fault }] });
    for (const [key, saved] of Object.entries(localStorage)) localStorage[key.replace(left.options.endpoint, options.endpoint)] = saved;
    options.ticket = () => 'a.b.c';
    const queue = new Queue(options);
    const restored = queue.restore();
    equal(queue.uploads.size, 0, 'before the answer');
    equal([await restored, [...queue.uploads].map((upload) => `${upload.name} ${upload.state}`)], [shown.length > 0, shown]);
  });
}

/** Changes what is saved of the only upload. @param {Partial<SavedUpload>} values */
function changeSaved(values) {
  const [key] = Object.keys(localStorage);
  localStorage[key] = JSON.stringify({ ...JSON.parse(localStorage[key]), ...values });
}

test('what is saved ends with the upload token, by the browser’s own clock', async () => {
  const before = Date.now();
  await leaveUpload('alice');
  const { ends } = JSON.parse(Object.values(localStorage)[0]);
  ok(ends >= before + 3600e3 && ends <= Date.now() + 3600e3, `an hour after it was issued, got ${ends - before} ms`);
});

for (const [name, visitor] of [['its owner', 'alice'], ['somebody else', 'bob']]) {
  test(`what has ended, and what an older release saved, is deleted when ${name} opens a page`, async () => {
    const { options, become, state } = await leaveUpload('alice');
    changeSaved({ ends: Date.now() });
    localStorage['postern /up files 1 1 old.bin'] = JSON.stringify({ id: '1', token: 'secret', name: 'old.bin' });
    localStorage['of the host'] = 'stays';
    await become(visitor);
    equal([await listed(new Queue(options)), Object.keys(localStorage), count((await state()).log, 'list')], [[], ['of the host'], 0]);
  });
}

test('an interrupted upload disappears from an open page when its token ends', async () => {
  const { options } = await leaveUpload('alice');
  changeSaved({ ends: Date.now() + 1500 });
  const queue = new Queue(options);
  equal(await listed(queue), ['garden.bin interrupted']);
  await until('the row and what was saved are gone', () => !queue.uploads.size && !Object.keys(localStorage).length);
});

test('forgetting stops everything, and removes what the person has saved for any profile, and nothing of anybody else', async () => {
  const left = await leaveUpload('alice');
  const { options, become, state } = await scenario(unfinished);
  await become('bob', 'bob-by-an-older-key');
  const queue = new Queue(options);
  const upload = /** @type {Upload} */ (queue.add(file(size, 'of bob')));
  const waiting = /** @type {Upload} */ (queue.add(file(100, 'small')));
  queue.start();
  await until('one is being sent and one is done', () => upload.storedBytes === 5 * MiB && waiting.state === 'done');
  const [ofAlice] = Object.keys(localStorage).filter((key) => key.includes('alice'));
  localStorage['postern bob /elsewhere pictures 1 1 a'] = localStorage['postern bob-2 /elsewhere pictures 1 1 a'] = localStorage[ofAlice];
  localStorage['postern bob-by-an-older-key /elsewhere pictures 1 1 a'] = localStorage[ofAlice];
  await queue.forget();
  equal([upload.state, upload.controller?.signal.aborted, waiting.state, queue.uploads.size], ['removed', true, 'removed', 0]);
  equal(Object.keys(localStorage).filter((key) => key.startsWith('postern ')).sort(), [ofAlice, 'postern bob-2 /elsewhere pictures 1 1 a'].sort());
  equal(count((await state()).log, 'delete'), 0, 'requests to delete: what is left at the store ends by itself');
  equal(await listed(new Queue(left.options)), ['garden.bin interrupted'], 'for Alice');
});

test('forgetting a guest ends the tab’s mark', async () => {
  const { options } = await leaveUpload();
  await new Queue(options).forget();
  equal([Object.keys(localStorage), Object.keys(sessionStorage)], [[], []]);
});

test('forgetting removes the handles of files too', async () => {
  const { options, upload } = await leaveUpload('alice');
  const { saved } = new Queue(options);
  const handle = await (await navigator.storage.getDirectory()).getFileHandle('kept.bin', { create: true });
  await saved.withHandles((store) => store.clear());
  await saved.withHandles((store) => store.put(handle, saved.key(upload)));
  await saved.withHandles((store) => store.put(handle, 'postern of an older release'));
  equal(await listed(new Queue(options)), ['garden.bin interrupted']);
  equal(await saved.withHandles((store) => store.getAllKeys()), [saved.key(upload)], 'handles of what is saved');
  await new Queue(options).forget();
  equal(await saved.withHandles((store) => store.getAllKeys()), [], 'handles after that');
});

test('when another person’s ticket is set, the list loses what isn’t theirs, and it stays saved for its owner', async () => {
  const { options, become, chosen } = await leaveUpload('alice');
  const queue = new Queue(options);
  await queue.restore();
  const done = /** @type {Upload} */ (queue.add(file(100, 'small')));
  queue.start();
  await until('the small file is done', () => done.state === 'done');
  equal([...queue.uploads].map(({ name, owner }) => `${name} of ${owner}`), ['garden.bin of alice', 'small of alice']);
  await become('bob');
  await queue.restore(true);
  equal([queue.uploads.size, Object.keys(localStorage).length], [0, 1], 'for Bob');
  await become('alice');
  await queue.restore(true);
  equal([...queue.uploads].map(({ name }) => name), [chosen.name], 'for Alice');
});

test('when a plan turns out to be issued to somebody else, the list loses what isn’t theirs', async () => {
  localStorage.clear();
  const { options, become } = await scenario({});
  const queue = new Queue(options);
  const uploads = [];
  for (const [name, ...owners] of [['first', 'alice'], ['second', 'alice-by-the-new-key', 'alice'], ['third', 'bob']]) {
    await become(...owners);
    const upload = /** @type {Upload} */ (queue.add(file(100, name)));
    uploads.push(upload);
    queue.start();
    await until(`${name} is done`, () => upload.state === 'done');
    await queue.restore();
  }
  await until('only the last one is listed', () => queue.uploads.size === 1);
  equal(uploads.map(({ state }) => state), ['removed', 'removed', 'done']);
});

test('without any storage files are uploaded, and nothing is resumed', async () => {
  const { localStorage: local, sessionStorage: session, indexedDB: database } = Object.getOwnPropertyDescriptors(window);
  const blocked = { configurable: true, get() { throw new DOMException('blocked', 'SecurityError'); } };
  const { options, state } = await scenario({});
  Object.defineProperties(window, { localStorage: blocked, sessionStorage: blocked, indexedDB: blocked });
  try {
    const queue = new Queue(options);
    equal(await listed(queue), []);
    const [large, small] = [file(size), file(100, 'small')].map((chosen) => /** @type {Upload} */ (queue.add(chosen)));
    queue.start();
    await until('both are done', () => large.state === 'done' && small.state === 'done');
    equal((await state()).uploads, 2);
    await queue.forget();
    equal(queue.uploads.size, 0);
  } finally {
    Object.defineProperties(window, /** @type {any} */ ({ localStorage: local, sessionStorage: session, indexedDB: database }));
  }
});
