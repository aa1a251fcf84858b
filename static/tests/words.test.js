import { Meter, Teller, Words } from '../words.js';
import { catalog, equal, ok, test } from './harness.js';

test('placeholders are filled, unknown ones stay', async () => {
  const words = new Words({ a: '{name} has {n}; {other}' }, 'en');
  equal(words.say('a', { name: '<b>', n: '3' }), '<b> has 3; {other}');
  equal(words.say('not there'), 'not there');
});

test('plurals follow the language, and fall back to "other"', () => {
  const words = new Words({ 'x.one': '{n} file', 'x.other': '{n} files' }, 'en');
  equal([words.count('x', 1), words.count('x', 2), words.count('x', 1234)], ['1 file', '2 files', '1,234 files']);
  const arabic = new Words({ 'x.two': 'two', 'x.other': 'other' }, 'ar');
  equal([arabic.count('x', 2), arabic.count('x', 3)], ['two', 'other']);
});

test('sizes have at most one digit after the point, and the unit that fits', () => {
  const words = new Words({}, 'en');
  equal([0, 1, 1023, 1024, 1536, 10 << 20, 5 * 2 ** 30, 5 * 2 ** 40].map((n) => words.size(n)),
    ['0 bytes', '1 byte', '1,023 bytes', '1 kB', '1.5 kB', '10 MB', '5 GB', '5 TB']);
  equal(words.size(3.25 * 2 ** 20, '-per-second'), '3.3 MB/s');
  equal(new Words({}, 'de').size(1536), '1,5 kB');
});

test('time left is rounded, the more so the longer it is', async () => {
  const words = new Words(await catalog(), 'en');
  equal([1, 12, 54, 70, 150, 3599, 7300].map((n) => words.left(n)), ['about 5 seconds', 'about 15 seconds', 'about 55 seconds',
    'about 1 minute', 'about 3 minutes', 'about 1 hour', 'about 2 hours']);
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

const at = (/** @type {object} */ some) => ({ all: 4, done: 0, busy: 0, paused: 0, offline: 0, bad: 0, ...some });

test('one run of four files is announced at its beginning, its quarters and its end', async () => {
  const teller = new Teller(new Words(await catalog(), 'en'));
  const heard = [];
  for (let step = 0; step <= 100; step++) heard.push(teller.hear(at({ busy: 4 }), step / 101, ''));
  heard.push(teller.hear(at({ done: 4 }), 1, ''), teller.hear(at({ done: 4 }), 1, ''));
  equal(heard.filter(Boolean), ['Uploading 4 files', '25% uploaded', '50% uploaded', '75% uploaded', '4 files uploaded']);
});

test('pause, offline and failure are announced once each', async () => {
  const teller = new Teller(new Words(await catalog(), 'en'));
  const heard = [at({ busy: 2 }), at({ busy: 1, paused: 1 }), at({ busy: 1, paused: 1 }), at({ offline: 1, paused: 1 }), at({ offline: 1, paused: 1 }),
    at({ bad: 1, paused: 1 }), at({ bad: 1, paused: 1 })].map((now) => teller.hear(now, 0, 'it failed'));
  equal(heard.filter(Boolean), ['Uploading 2 files', 'Paused', 'Waiting for the network', 'it failed']);
});
