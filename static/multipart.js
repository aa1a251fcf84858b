/** @import {PartLayout, PartURL} from './types.d.ts' */
/** @import {Transfer} from './transfer.js' */
/** @import {Checksums} from './checksum.js' */
/** @import {RequestError} from './request.js' */
import { send } from './core.js';

/** Part URLs asked for in one request. */
const BATCH = 24;
const MAX_CONCURRENCY = 6;
/** The store got other bytes than were sent, or only some: the same part may be sent again. */
const DAMAGED = /BadDigest|ChecksumMismatch|IncompleteBody|RequestTimeout/;

/** Sends the parts of one file, several at a time: as many as make it faster. */
export class Multipart {
  #concurrency = 4;
  /** What was sent since the concurrency last changed, and the rate before that in bytes per ms. */
  #window = { bytes: 0, parts: 0, since: performance.now(), rate: 0 };
  /** Bytes of parts that the store has. */
  #stored = 0;
  /** Bytes sent of parts that are under way, by part number. @type {Map<number, number>} */
  #inFlight = new Map();
  /** @type {Map<number, PartURL>} */ #urls = new Map();
  /** Requests for part URLs that are under way. @type {Map<number, Promise<void>>} */ #signing = new Map();
  /** Part numbers still to be sent, in order. @type {number[]} */
  #remaining = [];
  /** @type {Checksums | null} */ #checksums = null; #transfer; #path; #layout;

  /** @param {Transfer} transfer @param {string} id of the upload @param {PartLayout} layout */
  constructor(transfer, id, layout) {
    this.#transfer = transfer;
    this.#path = `/${id}/parts`;
    this.#layout = layout;
  }

  /** @param {boolean} resumed whether the store may have parts already */
  async run(resumed) {
    const transfer = this.#transfer;
    const { checksum, partCount } = this.#layout;
    try {
      if (checksum) this.#checksums = new (await import('./checksum.js')).Checksums(checksum, (number) => this.#slice(number));
      const stored = resumed ? await transfer.retry(() => this.#listStored()) : new Set();
      for (let n = 1; n <= partCount; n++) {
        if (stored.has(n)) this.#stored += this.#slice(n).size;
        else this.#remaining.push(n);
      }
      this.#setProgress(0, 0);
      transfer.show('sending');
      await this.#sendParts();
    } finally {
      this.#checksums?.close();
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
    /** @type {Map<number, Promise<void>>} */ const running = new Map();
    const remaining = this.#remaining;
    while (remaining.length || running.size) {
      while (remaining.length && running.size < this.#concurrency) {
        const number = /** @type {number} */ (remaining.shift());
        const sent = this.#sendPart(number).finally(() => running.delete(number));
        sent.catch(() => {});
        running.set(number, sent);
      }
      await Promise.race(running.values());
    }
  }

  /** @param {number} number */
  async #sendPart(number) {
    const transfer = this.#transfer;
    const body = this.#slice(number);
    let [refused, answerLost] = [0, false];
    await transfer.retry(async (tries) => {
      // All of it was sent and nothing came back: the store may have it.
      if (answerLost && (await this.#listStored()).has(number)) return;
      const [{ url, headers }] = await Promise.all([this.#partURL(number), transfer.checkFile()]);
      try {
        await send({
          method: 'PUT', url, headers, body, signal: transfer.signal, stall: transfer.options.stall * 2 ** Math.min(tries, 3),
          onProgress: (bytes) => this.#setProgress(number, bytes),
        });
      } catch (error) {
        const sent = this.#inFlight.get(number);
        transfer.findCause({ error, url, preflight: true, sent: sent ?? 0 });
        answerLost = sent === body.size;
        this.#setProgress(number, 0);
        this.#urls.clear(); // the others may have expired too
        this.#concurrency = Math.max(1, this.#concurrency - 1);
        const failure = /** @type {RequestError} */ (error);
        // An expired URL is a 403, or nothing at all where the store sends no CORS headers with it.
        if (DAMAGED.test(failure.code) || (failure.status === 403 && refused++ < 3)) failure.retryable = true;
        throw failure;
      }
    });
    this.#stored += body.size;
    this.#setProgress(number, 0);
    transfer.saved.update(transfer.upload);
    this.#adapt(body.size);
  }

  /** @param {number} number @param {number} bytes sent of that part; 0 when they are lost, or stored */
  #setProgress(number, bytes) {
    const inFlight = this.#inFlight;
    bytes ? inFlight.set(number, bytes) : inFlight.delete(number);
    this.#transfer.upload.setProgress(this.#stored, [...inFlight.values()].reduce((sum, sent) => sum + sent, 0));
  }

  /**
   * Adds a parallel part while the throughput rises by 5 %, removes one when it falls by 30 %. Where parts take long there are only
   * two: each would lose what it had sent when the connection breaks.
   * @param {number} bytes of the part that was sent
   */
  #adapt(bytes) {
    const window = this.#window;
    window.bytes += bytes;
    if (++window.parts < this.#concurrency) return;
    const span = performance.now() - window.since;
    const rate = window.bytes / span;
    if (span > 20000) this.#concurrency = 2;
    else if (rate > window.rate * 1.05) this.#concurrency = Math.min(MAX_CONCURRENCY, this.#concurrency + 1);
    else if (rate < window.rate * 0.7) this.#concurrency = Math.max(2, this.#concurrency - 1);
    this.#window = { bytes: 0, parts: 0, since: window.since + span, rate };
  }

  /** @param {number} number @returns {Promise<PartURL>} */
  async #partURL(number) {
    for (;;) {
      const found = this.#urls.get(number);
      if (found && found.validUntil > Date.now()) {
        const next = this.#remaining.at(this.#concurrency);
        if (next && !this.#urls.has(next) && !this.#signing.has(next)) this.#requestURLs(next).catch(() => {});
        return found;
      }
      await (this.#signing.get(number) ?? this.#requestURLs(number));
    }
  }

  /** Has this part's URL signed, and those of the parts that follow. @param {number} number */
  #requestURLs(number) {
    const signing = this.#signing;
    const wanted = (/** @type {number} */ n) => n > number && !this.#urls.has(n) && !signing.has(n) && this.#checksums?.ready(n) !== false;
    const numbers = [number, ...this.#remaining.slice(0, 4 * BATCH).filter(wanted).slice(0, BATCH - 1)];
    const answer = this.#sign(numbers).finally(() => numbers.forEach((n) => signing.delete(n)));
    numbers.forEach((n) => signing.set(n, answer));
    return answer;
  }

  /** @param {number[]} numbers */
  async #sign(numbers) {
    const parts = [];
    for (const number of numbers) parts.push({ number, checksum: await this.#checksums?.get(number, this.#layout.partCount) });
    const asked = Date.now();
    const answer = await this.#transfer.call('POST', this.#path, { parts });
    // Clocks differ: only the span counts, and a fifth of it is kept in reserve.
    const validUntil = asked + 0.8 * Math.max(1000, Date.parse(answer.expires) - asked);
    for (const part of answer.parts) this.#urls.set(part.number, { ...part, validUntil });
  }
}
