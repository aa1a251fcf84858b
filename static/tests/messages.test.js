import { Messages, SpeedMeter } from '../messages.js';
import { Announcer } from '../announce.js';
import { catalog, equal, ok, test } from './harness.js';

/** Without isolates, and with ordinary spaces. @param {string} text */
const plain = (text) => text.replace(/[\u2068\u2069]/g, '').replaceAll('\xa0', ' ');

test('placeholders are replaced, unknown ones stay', async () => {
  const messages = new Messages({ a: '{name} has {n}; {other}' }, 'en');
  equal(plain(messages.text('a', { name: '<b>', n: '3' })), '<b> has 3; {other}');
  equal(messages.text('not there'), 'not there');
  equal(messages.text('not there', { name: 'x' }, 'a'), '\u2068x\u2069 has {n}; {other}');
});

test('values are isolated from the direction of the text', () => {
  const messages = new Messages({ a: '{name} is {size}', 'upload.separator': ', ', 'upload.time_left.minutes.other': '{n} min' }, 'en');
  equal(messages.text('a', { name: 'صورة.png', size: '3 MB' }), '\u2068صورة.png\u2069 is \u20683 MB\u2069');
  const meter = new SpeedMeter();
  for (let at = 0; at <= 3000; at += 500) meter.update(at * 1000, at);
  equal(messages.withSpeed('43%', meter, 120e6), '\u206843%\u2069, \u2068977\xa0kB/s\u2069, \u2068\u20682\u2069 min\u2069');
});

test('plurals follow the language, and fall back to "other"', () => {
  const messages = new Messages({ 'x.one': '{n} file', 'x.other': '{n} files' }, 'en');
  equal([1, 2, 1234].map((n) => plain(messages.plural('x', n))), ['1 file', '2 files', '1,234 files']);
  const arabic = new Messages({ 'x.two': 'two', 'x.other': 'other' }, 'ar');
  equal([arabic.plural('x', 2), arabic.plural('x', 3)], ['two', 'other']);
});

test('sizes have at most one decimal and a suitable unit', () => {
  const messages = new Messages({}, 'en');
  equal([0, 1, 1023, 1024, 1536, 10 << 20, 5 * 2 ** 30, 5 * 2 ** 40].map((n) => plain(messages.size(n))),
    ['0 bytes', '1 byte', '1,023 bytes', '1 kB', '1.5 kB', '10 MB', '5 GB', '5 TB']);
  equal(messages.size(3.25 * 2 ** 20, '-per-second'), '3.3\xa0MB/s', 'in one line');
  equal(new Messages({}, 'de').size(1536), '1,5\xa0kB');
  const arabic = new Messages({}, 'ar');
  ok(/^40\D+$/.test(arabic.size(40 << 10)) && arabic.percent(0.5).startsWith('50'), `in the digits of the rest of the page, got ${arabic.size(40 << 10)} and ${arabic.percent(0.5)}`);
});

test('a size just beyond a limit is shown differently from the limit', () => {
  const messages = new Messages({}, 'en');
  const ten = 10 << 20;
  equal([ten + 1, 1.03 * ten, 2 ** 30 + 1].map((n) => plain(messages.size(n, '', 'ceil'))), ['10.1 MB', '10.3 MB', '1.1 GB']);
  equal([ten - 1, ten, 2 ** 30 - 1].map((n) => plain(messages.size(n, '', 'floor'))), ['9.9 MB', '10 MB', '1,023.9 MB']);
});

test('the time left is rounded; the longer, the coarser', async () => {
  const messages = new Messages(await catalog(), 'en');
  equal([1, 12, 54, 70, 150, 3599, 7300].map((n) => plain(messages.timeLeft(n))), ['about 5 seconds', 'about 15 seconds', 'about 55 seconds',
    'about 1 minute', 'about 3 minutes', 'about 1 hour', 'about 2 hours']);
});

test('a countdown is exact to the second', async () => {
  const messages = new Messages(await catalog(), 'en');
  equal([-1, 0.2, 4, 59, 300].map((n) => plain(messages.countdown(n))), ['1 sec', '1 sec', '4 sec', '59 sec', 'about 5 minutes']);
  equal(new Messages({}, 'fr').countdown(4), '4\u202fs');
});

test('percentages are rounded down', () => {
  const messages = new Messages({}, 'en');
  equal([0, 0.005, 0.999, 1].map((n) => messages.percent(n)), ['0%', '0%', '99%', '100%']);
});

test('the speed follows a steady connection closely and a jump slowly', () => {
  const meter = new SpeedMeter();
  for (let at = 0; at <= 5000; at += 500) meter.update(at * 1000, at);
  ok(meter.reliable && Math.abs(meter.rate - 1e6) < 1e3, `1 MB/s, got ${meter.rate}`);
  meter.update(5_000_000 + 10_000_000, 5500);
  ok(meter.rate < 4e6, `one burst barely shows, got ${meter.rate}`);
});

test('the speed is unreliable in the first two seconds, and never negative', () => {
  const meter = new SpeedMeter();
  for (let at = 0; at <= 1500; at += 500) meter.update(at, at);
  ok(!meter.reliable, 'not reliable yet');
  meter.update(0, 2500);
  ok(meter.rate >= 0, 'never below zero');
});

/** What is announced for a sequence of counts. @param {[object, number, string[]][]} steps */
async function announcements(...steps) {
  const announcer = new Announcer(new Messages(await catalog(), 'en'));
  const all = steps.map(([counts, progress, problems]) => announcer.announcement({ done: 0, busy: 0, paused: 0, offline: 0, ...counts }, progress, problems));
  return all.map(plain).filter(Boolean);
}

test('four files are announced at the start, at each quarter and at the end', async () => {
  /** @type {[object, number, string[]][]} */
  const run = Array.from({ length: 101 }, (_, step) => [{ busy: 4 }, step / 101, []]);
  equal(await announcements(...run, [{ done: 4 }, 1, []], [{ done: 4 }, 1, []]),
    ['Uploading 4 files', '25% uploaded', '50% uploaded', '75% uploaded', '4 files uploaded']);
});

test('a quarter that is lost and reached again is announced once', async () => {
  equal(await announcements([{ busy: 1 }, 0, []], [{ busy: 1 }, 0.5, []], [{ busy: 1 }, 0.49, []], [{ busy: 1 }, 0.5, []]), ['Uploading 1 file', '50% uploaded']);
});

test('an upload that is resumed in the middle doesn’t announce the quarters before it', async () => {
  equal(await announcements([{ busy: 1 }, 0.1, []], [{ paused: 1 }, 0.6, []], [{ busy: 1 }, 0.6, []], [{ busy: 1 }, 0.75, []]),
    ['Uploading 1 file', 'Paused', 'Uploading 1 file', '75% uploaded']);
});

test('pause and offline are announced once each', async () => {
  equal(await announcements([{ busy: 2 }, 0, []], [{ busy: 1, paused: 1 }, 0, []], [{ busy: 1, paused: 1 }, 0, []], [{ offline: 1, paused: 1 }, 0, []],
    [{ offline: 1, paused: 1 }, 0, []]), ['Uploading 2 files', 'Paused', 'Waiting for the network']);
});

test('one problem is announced with its text, several with their number, and the end is announced too', async () => {
  equal(await announcements([{ busy: 3 }, 0, []], [{ done: 2 }, 1, ['c failed.']], [{ done: 2 }, 1, ['a', 'b']]),
    ['Uploading 3 files', 'c failed. 2 files uploaded', '2 files need attention']);
});
