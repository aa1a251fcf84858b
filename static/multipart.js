/** @import {PartLayout, PartURL} from './types.d.ts' */
/** @import {Transfer} from './transfer.js' */
/** @import {RequestError} from './request.js' */
import { send } from './core.js';
import { paceOf } from './pace.js';
import { PartURLs } from './part-urls.js';

/** The store got other bytes than were sent, or only some: the same part may be sent again. */
const DAMAGED = /BadDigest|ChecksumMismatch|IncompleteBody|RequestTimeout/;
/** The share of a part's bytes from which a pause lets it end, and for how many ms at most. */
const NEARLY = 0.75;
const ENDING = 5000;

/** Sends the parts of one file. */
export class Multipart {
  /** Bytes of parts that the store has. */
  #stored = 0;
  /** Parts that are being sent: bytes that were sent of each, and what aborts it. @type {Map<number, {bytes: number, size: number, controller: AbortController}>} */
  #inFlight = new Map();
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
    const [pace, remaining] = [this.#pace, this.#remaining];
    /** @type {Set<Promise<void>>} */ const running = new Set();
    /** @type {unknown} */ let failure;
    const stop = () => this.#stop();
    signal.addEventListener('abort', stop);
    try {
      while (remaining.length && !failure) {
        await pace.slots.take(signal);
        const sent = (failure ? Promise.reject(failure) : this.#sendPart(/** @type {number} */ (remaining.shift()))).catch((error) => {
          throw (failure = error);
        }).finally(() => {
          running.delete(sent);
          pace.slots.release();
        });
        sent.catch(() => {});
        running.add(sent);
      }
      await Promise.all(running);
      if (failure) throw failure;
    } finally {
      signal.removeEventListener('abort', stop);
      // Parts that a pause lets end are waited for; after a failure none goes on.
      if (signal.aborted) await Promise.allSettled(running);
      else this.#stop();
    }
  }

  /** Aborts the parts that are being sent. A pause lets those end that are nearly sent, and so many that what is lost is no more than one part. */
  #stop() {
    const { signal, upload } = this.#transfer;
    const parts = [...this.#inFlight.values()].sort((a, b) => a.bytes - b.bytes);
    let lost = 0;
    for (const { bytes, size, controller } of parts) {
      const ends = upload.state === 'paused' && (bytes >= NEARLY * size || (lost += bytes) > this.#layout.partSize);
      if (ends) setTimeout(() => controller.abort(signal.reason), ENDING);
      else controller.abort(signal.reason);
    }
  }

  /** @param {number} number */
  async #sendPart(number) {
    const transfer = this.#transfer;
    const { upload } = transfer;
    const body = this.#slice(number);
    const { size } = body;
    let [refused, answerLost] = [0, false];
    await transfer.retry(async (tries) => {
      // Nothing came back: the store may have it. How much was sent says nothing, as progress is reported late.
      if (answerLost && (await this.#listStored()).has(number)) return;
      const [{ url, headers }] = await Promise.all([this.#urls.get(number), transfer.checkFile()]);
      transfer.signal.throwIfAborted();
      const part = { bytes: 0, size, controller: new AbortController() };
      this.#inFlight.set(number, part);
      this.#pace.begin();
      try {
        await send({
          method: 'PUT', url, headers, body, signal: part.controller.signal, stall: transfer.options.stall * 2 ** Math.min(tries, 3),
          onProgress: (bytes) => {
            part.bytes = bytes;
            if (upload.state === 'removed') part.controller.abort();
            this.#setProgress();
          },
        });
      } catch (error) {
        this.#inFlight.delete(number);
        this.#setProgress();
        if (part.controller.signal.aborted) {
          this.#pace.restart();
          throw error;
        }
        transfer.findCause({ error, url, preflight: true, sent: part.bytes });
        this.#urls.clear();
        this.#pace.fail();
        const failure = /** @type {RequestError} */ (error);
        answerLost = failure.status === 0;
        // An expired URL is a 403, or nothing at all where the store sends no CORS headers with it.
        if (DAMAGED.test(failure.code) || (failure.status === 403 && refused++ < 3)) failure.retryable = true;
        throw failure;
      }
      this.#pace.end(size);
    });
    this.#inFlight.delete(number);
    this.#stored += size;
    this.#setProgress();
    if (upload.state !== 'removed') transfer.saved.update(upload);
  }

  /** Shows what was sent. After a pause only what the store has counts. */
  #setProgress() {
    const { upload, signal } = this.#transfer;
    if (upload.state === 'removed') return;
    const inFlight = signal.aborted ? [] : [...this.#inFlight.values()];
    upload.setProgress(this.#stored, inFlight.reduce((sum, { bytes }) => sum + bytes, 0));
  }
}
