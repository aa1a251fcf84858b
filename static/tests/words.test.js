import { Meter, Teller, Words } from '../words.js';
import { catalog, equal, ok, test } from './harness.js';

/** Without the signs around values, and with spaces as one types them. @param {string} text */
const plain = (text) => text.replace(/[\u2068\u2069]/g, '').replaceAll('\xa0', ' ');

test('placeholders are filled, unknown ones stay', async () => {
  const words = new Words({ a: '{name} has {n}; {other}' }, 'en');
  equal(plain(words.say('a', { name: '<b>', n: '3' })), '<b> has 3; {other}');
  equal(words.say('not there'), 'not there');
  equal(words.say('not there', { name: 'x' }, 'a'), '\u2068x\u2069 has {n}; {other}');
});

test('what is put into a sentence keeps its direction to itself', () => {
  const words = new Words({ a: '{name} is {size}', 'up.comma': ', ', 'up.left.minutes.other': '{n} min' }, 'en');
  equal(words.say('a', { name: 'صورة.png', size: '3 MB' }), '\u2068صورة.png\u2069 is \u20683 MB\u2069');
  const meter = new Meter();
  for (let at = 0; at <= 3000; at += 500) meter.see(at * 1000, at);
  equal(words.pace('43%', meter, 120e6), '\u206843%\u2069, \u2068977\xa0kB/s\u2069, \u2068\u20682\u2069 min\u2069');
});

test('plurals follow the language, and fall back to "other"', () => {
  const words = new Words({ 'x.one': '{n} file', 'x.other': '{n} files' }, 'en');
  equal([1, 2, 1234].map((n) => plain(words.count('x', n))), ['1 file', '2 files', '1,234 files']);
  const arabic = new Words({ 'x.two': 'two', 'x.other': 'other' }, 'ar');
  equal([arabic.count('x', 2), arabic.count('x', 3)], ['two', 'other']);
});

test('sizes have at most one digit after the point, and the unit that fits', () => {
  const words = new Words({}, 'en');
  equal([0, 1, 1023, 1024, 1536, 10 << 20, 5 * 2 ** 30, 5 * 2 ** 40].map((n) => plain(words.size(n))),
    ['0 bytes', '1 byte', '1,023 bytes', '1 kB', '1.5 kB', '10 MB', '5 GB', '5 TB']);
  equal(words.size(3.25 * 2 ** 20, '-per-second'), '3.3\xa0MB/s', 'in one line');
  equal(new Words({}, 'de').size(1536), '1,5\xa0kB');
});

test('a size beside a limit that it misses by little differs from it', () => {
  const words = new Words({}, 'en');
  const ten = 10 << 20;
  equal([ten + 1, 1.03 * ten, 2 ** 30 + 1].map((n) => plain(words.size(n, '', 'ceil'))), ['10.1 MB', '10.3 MB', '1.1 GB']);
  equal([ten - 1, ten, 2 ** 30 - 1].map((n) => plain(words.size(n, '', 'floor'))), ['9.9 MB', '10 MB', '1,023.9 MB']);
});

test('time left is rounded, the more so the longer it is', async () => {
  const words = new Words(await catalog(), 'en');
  equal([1, 12, 54, 70, 150, 3599, 7300].map((n) => plain(words.left(n))), ['about 5 seconds', 'about 15 seconds', 'about 55 seconds',
    'about 1 minute', 'about 3 minutes', 'about 1 hour', 'about 2 hours']);
});

test('a wait is counted down to the second', async () => {
  const words = new Words(await catalog(), 'en');
  equal([-1, 0.2, 4, 59, 300].map((n) => plain(words.wait(n))), ['1 sec', '1 sec', '4 sec', '59 sec', 'about 5 minutes']);
  equal(new Words({}, 'fr').wait(4), '4\u202fs');
});

test('percent never says 100 before the end', () => {
  const words = new Words({}, 'en');
  equal([0, 0.005, 0.999, 1].map((n) => words.percent(n)), ['0%', '0%', '99%', '100%']);
});

test('a meter follows a steady line closely and a jump slowly', () => {
  const meter = new Meter();
  for (let at = 0; at <= 5000; at += 500) meter.see(at * 1000, at);
  ok(meter.sure && Math.abs(meter.rate - 1e6) < 1e3, `1 MB/s, got ${meter.rate}`);
  meter.see(5_000_000 + 10_000_000, 5500);
  ok(meter.rate < 4e6, `one burst barely shows, got ${meter.rate}`);
});

test('a meter says nothing in the first two seconds, and takes no step back for speed', () => {
  const meter = new Meter();
  for (let at = 0; at <= 1500; at += 500) meter.see(at, at);
  ok(!meter.sure, 'not sure yet');
  meter.see(0, 2500);
  ok(meter.rate >= 0, 'never below zero');
});

/** What a teller says to one count after the other. @param {[object, number, string[]][]} steps */
async function heard(...steps) {
  const teller = new Teller(new Words(await catalog(), 'en'));
  const all = steps.map(([some, progress, troubles]) => teller.hear({ done: 0, busy: 0, paused: 0, offline: 0, ...some }, progress, troubles));
  return all.map(plain).filter(Boolean);
}

test('one run of four files is announced at its beginning, its quarters and its end', async () => {
  /** @type {[object, number, string[]][]} */
  const run = Array.from({ length: 101 }, (_, step) => [{ busy: 4 }, step / 101, []]);
  equal(await heard(...run, [{ done: 4 }, 1, []], [{ done: 4 }, 1, []]),
    ['Uploading 4 files', '25% uploaded', '50% uploaded', '75% uploaded', '4 files uploaded']);
});

test('a quarter that was lost and won again is announced once', async () => {
  equal(await heard([{ busy: 1 }, 0, []], [{ busy: 1 }, 0.5, []], [{ busy: 1 }, 0.49, []], [{ busy: 1 }, 0.5, []]), ['Uploading 1 file', '50% uploaded']);
});

test('what goes on in the middle doesn’t announce what is behind it', async () => {
  equal(await heard([{ busy: 1 }, 0.1, []], [{ paused: 1 }, 0.6, []], [{ busy: 1 }, 0.6, []], [{ busy: 1 }, 0.75, []]),
    ['Uploading 1 file', 'Paused', 'Uploading 1 file', '75% uploaded']);
});

test('pause and offline are announced once each', async () => {
  equal(await heard([{ busy: 2 }, 0, []], [{ busy: 1, paused: 1 }, 0, []], [{ busy: 1, paused: 1 }, 0, []], [{ offline: 1, paused: 1 }, 0, []],
    [{ offline: 1, paused: 1 }, 0, []]), ['Uploading 2 files', 'Paused', 'Waiting for the network']);
});

test('one trouble is told in full, several by their number, and none swallows the end', async () => {
  equal(await heard([{ busy: 3 }, 0, []], [{ done: 2 }, 1, ['c failed.']], [{ done: 2 }, 1, ['a', 'b']]),
    ['Uploading 3 files', 'c failed. 2 files uploaded', '2 files need attention']);
});
