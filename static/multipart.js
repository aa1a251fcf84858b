/** @import {PartLayout, PartURL} from './types.d.ts' */
/** @import {Part} from './parts-under-way.js' */
/** @import {Place} from './pace.js' */
/** @import {Transfer} from './transfer.js' */
/** @import {RequestError} from './request.js' */
import { send } from './core.js';
import { MAX_CONCURRENCY, paceOf } from './pace.js';
import { PartURLs } from './part-urls.js';
import { NEARLY, PartsUnderWay } from './parts-under-way.js';

/** The store got other bytes than were sent, or only some: the same part may be sent again. */
const DAMAGED = /BadDigest|ChecksumMismatch|IncompleteBody|RequestTimeout/;

/** Sends the parts of one file. */
export class Multipart {
  /** Bytes of parts that the store has. */
  #stored = 0;
  #parts = new PartsUnderWay();
  /** Part numbers still to be sent, in order. @type {number[]} */
  #remaining = [];
  #transfer; #path; #layout; #pace; #urls;

  /** @param {Transfer} transfer @param {string} id of the upload @param {PartLayout} layout */
  constructor(transfer, id, layout) {
    this.#transfer = transfer;
    this.#path = `/${id}/parts`;
    this.#layout = layout;
    this.#pace = paceOf(transfer.options);
    this.#urls = new PartURLs(transfer, this.#path, layout, this.#remaining);
  }

  /** @param {boolean} resumed whether the store may have parts already */
  async run(resumed) {
    const transfer = this.#transfer;
    const { checksum, partCount } = this.#layout;
    try {
      if (checksum) this.#urls.checksums = new (await import('./checksum.js')).Checksums(checksum, (number) => this.#slice(number));
      const stored = resumed ? await transfer.retry(() => this.#listStored()) : new Set();
      for (let n = 1; n <= partCount; n++) {
        if (stored.has(n)) this.#stored += this.#slice(n).size;
        else this.#remaining.push(n);
      }
      this.#setProgress();
      transfer.show('sending');
      await this.#sendParts();
    } finally {
      this.#urls.checksums?.close();
    }
  }

  /** @param {number} number */
  #slice(number) {
    const { partSize } = this.#layout;
    return this.#transfer.file.slice((number - 1) * partSize, number * partSize);
  }

  /** Numbers of the parts that the store has. */
  async #listStored() {
    const { parts } = await this.#transfer.call('GET', this.#path);
    return new Set(parts.map((/** @type {PartURL} */ part) => part.number));
  }

  async #sendParts() {
    const { signal } = this.#transfer;
    const remaining = this.#remaining;
    /** @type {Set<Promise<void>>} */ const running = new Set();
    /** @type {unknown} */ let failure;
    const stop = () => this.#parts.stop(this.#transfer);
    signal.addEventListener('abort', stop);
    try {
      while (remaining.length && !failure) {
        const place = await this.#pace.take(signal, false);
        const sent = (failure ? Promise.reject(failure) : this.#sendPart(/** @type {number} */ (remaining.shift()), place)).catch((error) => {
          throw (failure = error);
        }).finally(() => {
          running.delete(sent);
          place.release();
        });
        sent.catch(() => {});
        running.add(sent);
        // Parts that wait for their next try are among them.
        while (running.size >= MAX_CONCURRENCY) await Promise.race(running);
      }
      await Promise.all(running);
      if (failure) throw failure;
    } finally {
      signal.removeEventListener('abort', stop);
      // Parts that a pause lets end are waited for; after a failure none goes on.
      if (signal.aborted) await Promise.allSettled(running);
      else stop();
    }
  }

  /**
   * Sends a part, again if that fails. Between two tries it holds no place, so that one that hangs holds up no other after it was aborted.
   * @param {number} number @param {Place} first the place of the first try
   */
  async #sendPart(number, first) {
    const transfer = this.#transfer;
    const { upload, signal } = transfer;
    const part = { number, sending: false, bytes: 0, size: this.#slice(number).size, controller: new AbortController(), refused: 0, answerLost: false };
    this.#parts.add(part);
    try {
      await transfer.retry(async (tries) => {
        const place = tries ? await this.#pace.take(signal, true) : first;
        await this.#tryPart(part, tries, place).finally(place.release);
      });
      this.#stored += part.size;
    } finally {
      this.#parts.delete(part);
      this.#setProgress();
    }
    if (upload.state !== 'removed') transfer.saved.update(upload);
  }

  /** @param {Part} part @param {number} tries @param {Place} place */
  async #tryPart(part, tries, { nearlySent }) {
    const transfer = this.#transfer;
    const { number, size, controller: { signal } } = part;
    const pace = this.#pace;
    // Nothing came back: the store may have it. How much was sent says nothing, as progress is reported late.
    if (part.answerLost && (await this.#listStored()).has(number)) return;
    const [{ url, headers }] = await Promise.all([this.#urls.get(number), transfer.checkFile(), transfer.saving]);
    transfer.signal.throwIfAborted();
    signal.throwIfAborted();
    pace.begin();
    part.sending = true;
    try {
      await send({
        method: 'PUT', url, headers, body: this.#slice(number), signal, stall: transfer.options.stall * 2 ** Math.min(tries, 3),
        onProgress: (bytes) => {
          part.bytes = bytes;
          if (bytes >= NEARLY * size) nearlySent();
          this.#setProgress();
        },
      });
    } catch (error) {
      throw this.#failed(part, url, /** @type {RequestError} */ (error));
    }
    pace.end(size);
  }

  /** Notes why a part wasn't stored. @param {Part} part @param {string} url @param {RequestError} error */
  #failed(part, url, error) {
    const sent = part.bytes;
    Object.assign(part, { bytes: 0, sending: false });
    this.#setProgress();
    if (part.controller.signal.aborted) {
      this.#pace.restart();
      return error;
    }
    this.#transfer.findCause({ error, url, preflight: true, sent });
    this.#urls.clear();
    this.#pace.fail();
    part.answerLost = error.status === 0;
    // An expired URL is a 403, or nothing at all where the store sends no CORS headers with it.
    if (DAMAGED.test(error.code) || (error.status === 403 && part.refused++ < 3)) error.retryable = true;
    return error;
  }

  /** Shows what was sent. After a pause only what the store has counts. */
  #setProgress() {
    const { upload, signal } = this.#transfer;
    if (upload.state === 'removed') return;
    upload.setProgress(this.#stored, signal.aborted ? 0 : this.#parts.bytes);
  }
}
