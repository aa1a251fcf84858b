/** @import {State} from '../types.d.ts' */
import { Upload } from '../upload.js';
import { equal, file, test, throws } from './harness.js';

const fresh = (/** @type {(upload: Upload) => void} */ changed = () => {}) => {
  const chosen = file(1000);
  return new Upload(chosen, { name: chosen.name, size: chosen.size, lastModified: 1 }, changed);
};

test('a file goes the whole way from chosen to done', () => {
  const upload = fresh();
  for (const state of /** @type {State[]} */ (['waiting', 'preparing', 'sending', 'confirming', 'done'])) upload.move(state);
  equal(upload.progress, 1, 'progress');
});

test('illegal moves throw and change nothing', () => {
  for (const [from, to] of /** @type {[State, State][]} */ ([
    ['chosen', 'sending'], ['done', 'sending'], ['done', 'paused'], ['failed', 'sending'], ['refused', 'waiting'],
    ['removed', 'waiting'], ['paused', 'sending'], ['interrupted', 'sending'], ['confirming', 'paused'], ['waiting', 'done'],
  ])) {
    const upload = fresh();
    upload.state = from;
    throws(() => upload.move(to), new RegExp(`from ${from} to ${to}`));
    equal(upload.state, from, 'state');
  }
});

test('no bar reaches the end before the store has confirmed', () => {
  const upload = fresh();
  upload.state = 'sending';
  upload.count(1000, 0);
  equal(upload.progress, 0.99, 'progress when all is sent');
  upload.state = 'confirming';
  equal(upload.progress, 0.99, 'progress while confirming');
});

test('each move and each count is told once', () => {
  let told = 0;
  const upload = fresh(() => told++);
  upload.move('waiting');
  upload.count(10, 5);
  equal([told, upload.safe, upload.sent], [2, 10, 15]);
});

test('an empty file is not divided by', () => {
  const upload = new Upload(null, { name: 'empty', size: 0, lastModified: 1 }, () => {});
  equal(upload.progress, 0);
});

test('a code lasts until the next move', () => {
  const upload = fresh();
  upload.move('refused', 'too_many');
  equal(upload.code, 'too_many');
  upload.move('removed');
  equal(upload.code, '');
});
