/** @import {PartURL, SavedUpload} from './types.d.ts' */
/** @import {Queue} from './queue.js' */
import { Upload } from './core.js';

/**
 * Shows the person's unfinished uploads of earlier visits, and takes those of anybody else from the list.
 * @param {Queue} queue @returns {Promise<boolean>} false when the server doesn't tell whose the page is
 */
export async function restore(queue) {
  const { saved, owner, uploads } = queue;
  removeEnded(queue);
  const marks = await owner.settle();
  if (!marks) return false;
  for (const upload of uploads) if (upload.owner && !marks.includes(upload.owner)) queue.drop(upload);
  for (const found of await saved.list(marks)) await show(queue, found);
  return true;
}

/** Shows an unfinished upload. Its progress is the server's, or else the saved one. @param {Queue} queue @param {SavedUpload} found */
async function show(queue, found) {
  const { saved, options, uploads } = queue;
  const upload = new Upload(null, found, options.onChange);
  upload.plan = found;
  const storedBytes = await queue.transfer(upload).call('GET', `/${found.id}/parts`).then(
    ({ parts }) => parts.reduce((/** @type {number} */ sum, /** @type {PartURL} */ { size }) => sum + size, 0),
    (error) => (error.retryable ? found.storedBytes : 0),
  );
  // Meanwhile another person may have come, or the same file.
  if (!queue.owner.marks.includes(found.owner) || [...uploads].some((other) => saved.file(other) === saved.file(found))) return;
  // The plan is used only if the file that will be chosen has the same content.
  Object.assign(upload, { plan: null, state: 'interrupted', owner: found.owner, ends: found.ends });
  uploads.add(upload);
  upload.setProgress(storedBytes, 0);
  const file = await saved.reopenFile(upload, false);
  if (!upload.canMove('waiting')) return;
  if (file) queue.offerFile(upload, file);
  else options.onChange(upload);
}

/** The timer of each queue. @type {WeakMap<Queue, ReturnType<typeof setTimeout>>} */
const timers = new WeakMap();

/** Removes what has ended, now and whenever the next one ends. A machine that sleeps stops its timers, so these are short. @param {Queue} queue */
export function removeEnded(queue) {
  clearTimeout(timers.get(queue));
  for (const upload of queue.uploads) if (upload.state === 'interrupted' && upload.ends <= Date.now()) queue.drop(upload);
  const next = queue.saved.sweep();
  if (next < Infinity) timers.set(queue, setTimeout(() => removeEnded(queue), Math.min(next, 60000)));
}
