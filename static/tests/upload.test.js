/** @import {State} from '../types.d.ts' */
import { Upload } from '../upload.js';
import { equal, file, test, throws } from './harness.js';

const newUpload = (/** @type {(upload: Upload) => void} */ onChange = () => {}) => {
  const chosen = file(1000);
  return new Upload(chosen, { name: chosen.name, size: chosen.size, lastModified: 1 }, onChange);
};

test('a file goes through all states from chosen to done', () => {
  const upload = newUpload();
  for (const state of /** @type {State[]} */ (['waiting', 'preparing', 'sending', 'confirming', 'done'])) upload.move(state);
  equal(upload.progress, 1, 'progress');
});

test('a change to a state that may not follow throws and changes nothing', () => {
  for (const [from, to] of /** @type {[State, State][]} */ ([
    ['chosen', 'sending'], ['done', 'sending'], ['done', 'paused'], ['failed', 'sending'], ['refused', 'waiting'],
    ['removed', 'waiting'], ['paused', 'sending'], ['interrupted', 'sending'], ['confirming', 'paused'], ['waiting', 'done'],
  ])) {
    const upload = newUpload();
    upload.state = from;
    throws(() => upload.move(to), new RegExp(`from ${from} to ${to}`));
    equal(upload.state, from, 'state');
  }
});

test('the progress is below 1 until the store has confirmed', () => {
  const upload = newUpload();
  upload.state = 'sending';
  upload.setProgress(1000, 0);
  equal(upload.progress, 0.99, 'progress when everything is sent');
  upload.state = 'confirming';
  equal(upload.progress, 0.99, 'progress while confirming');
});

test('every change of state or progress is reported once', () => {
  let changes = 0;
  const upload = newUpload(() => changes++);
  upload.move('waiting');
  upload.setProgress(10, 5);
  equal([changes, upload.storedBytes, upload.sentBytes], [2, 10, 15]);
});

test('the progress of an empty file is 0', () => {
  const upload = new Upload(null, { name: 'empty', size: 0, lastModified: 1 }, () => {});
  equal(upload.progress, 0);
});

test('a code is kept until the next state', () => {
  const upload = newUpload();
  upload.move('refused', 'too_many');
  equal(upload.code, 'too_many');
  upload.move('removed');
  equal(upload.code, '');
});
