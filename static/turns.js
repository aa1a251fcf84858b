/** @import {Queue} from './queue.js' */
/** @import {Upload} from './upload.js' */
import { RequestError } from './request.js';

/** Whose turn it is among the files of a queue. A list may be long, and each file that ends asks for the next: none looks through it all. */
export class Turns {
  /** Files whose turn hasn't come, in their order. @type {Set<Upload>} */
  waiting = new Set();
  /** Files of which something is under way. @type {Set<Upload>} */
  active = new Set();
  /** How many of them have still to be sent. */
  #running = 0;
  #queue;

  /** @param {Queue} queue */
  constructor(queue) {
    this.#queue = queue;
  }

  /** Starts all files that were chosen. */
  start() {
    for (const upload of this.#queue.uploads) {
      if (upload.state !== 'chosen') continue;
      upload.move('waiting');
      this.waiting.add(upload);
    }
    this.next();
  }

  /** Starts a file again; its turn is by its place in the list. @param {Upload} upload */
  again(upload) {
    upload.move('waiting');
    this.waiting = new Set([...this.#queue.uploads].filter(({ state }) => state === 'waiting'));
    this.next();
  }

  /** Whether a small file has still to be sent. */
  get smallToCome() {
    for (const { small, state } of this.active) if (small && /preparing|sending/.test(state)) return true;
    for (const { small } of this.waiting) if (small) return true;
    return false;
  }

  /** Sends waiting files, up to the concurrency. Small ones are prepared before there is a place for them. */
  next() {
    for (const upload of this.waiting) {
      if (upload.state !== 'waiting') continue;
      if (this.#running >= this.#queue.options.concurrency * (upload.small ? 3 : 1)) return;
      this.#run(upload);
    }
  }

  /** @param {Upload} upload */
  async #run(upload) {
    const [{ options, saved }, controller] = [this.#queue, (upload.controller = new AbortController())];
    this.waiting.delete(upload);
    this.active.add(upload);
    upload.move('preparing');
    let sending = this.#running++ >= 0;
    const sent = () => {
      if (sending) this.#running--;
      sending = false;
      this.next();
    };
    try {
      const transfer = this.#queue.transfer(upload, controller.signal);
      transfer.onSent = sent;
      // Where there are no locks, parts of the last run may still be under way.
      const before = Promise.allSettled([upload.ended]);
      await (upload.ended = saved.withLock(upload, controller.signal, () => before.then(() => transfer.run())));
      upload.setProgress(upload.size, 0);
      upload.removableUntil = Date.now() + (options.removable ?? 0) * 1000;
      upload.move('done');
      options.emit('done', { upload, ...upload.stored, name: upload.name });
    } catch (error) {
      // Paused or removed, and perhaps started again since.
      if (controller.signal.aborted) return;
      controller.abort();
      // Any other error is of the file, when its name begins with Not, or a programming error.
      const code = error instanceof RequestError ? error.code : /^Not/.test(/** @type {Error} */ (error).name) ? 'unreadable' : 'script';
      if (code === 'script') reportError(error);
      upload.fail(code);
      if (upload.state === 'refused') saved.remove(upload);
      options.emit('fail', { upload });
    } finally {
      if (upload.controller === controller) this.active.delete(upload);
      if (saved.keys().length) import('./own-uploads.js').then(({ removeEnded }) => removeEnded(this.#queue));
      sent();
    }
  }
}
