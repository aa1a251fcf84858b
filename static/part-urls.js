/** @import {PartLayout, PartURL, SignedParts} from './types.d.ts' */
/** @import {Transfer} from './transfer.js' */
/** @import {Checksums} from './checksum.js' */

/** Part URLs asked for in one request. */
const BATCH = 24;

/** The URLs of a file's parts. They are asked for many at a time, and before they are needed. */
export class PartURLs {
  /** Computed in parallel where the parts need them. @type {Checksums | null} */
  checksums = null;
  /** @type {Map<number, PartURL>} */ #urls = new Map();
  /** Requests that are under way. @type {Map<number, Promise<void>>} */ #signing = new Map();
  #transfer; #path; #layout; #remaining;

  /** @param {Transfer} transfer @param {string} path @param {PartLayout} layout @param {number[]} remaining part numbers that are to be sent, in order */
  constructor(transfer, path, layout, remaining) {
    this.#transfer = transfer;
    this.#path = path;
    this.#layout = layout;
    this.#remaining = remaining;
    const { upload } = transfer;
    if (upload.signed) this.#keep(upload.signed, Date.now());
    upload.signed = null;
  }

  /** Forgets all: when one has expired the others may have too. */
  clear() {
    this.#urls.clear();
  }

  /** @param {number} number @returns {Promise<PartURL>} */
  async get(number) {
    for (;;) {
      const found = this.#urls.get(number);
      if (found && found.validUntil > Date.now()) {
        const next = this.#remaining.slice(0, 5).find((n) => !this.#urls.has(n) && !this.#signing.has(n));
        if (next) this.#request(next).catch(() => {});
        return found;
      }
      await (this.#signing.get(number) ?? this.#request(number));
    }
  }

  /** Has this part's URL signed, and those of the parts that follow. @param {number} number */
  #request(number) {
    const signing = this.#signing;
    const wanted = (/** @type {number} */ n) => n > number && !this.#urls.has(n) && !signing.has(n) && this.checksums?.ready(n) !== false;
    const numbers = [number, ...this.#remaining.slice(0, 4 * BATCH).filter(wanted).slice(0, BATCH - 1)];
    const answer = this.#sign(numbers).finally(() => numbers.forEach((n) => signing.delete(n)));
    numbers.forEach((n) => signing.set(n, answer));
    return answer;
  }

  /** @param {number[]} numbers */
  async #sign(numbers) {
    const parts = [];
    for (const number of numbers) parts.push({ number, checksum: await this.checksums?.get(number, this.#layout.partCount) });
    const asked = Date.now();
    this.#keep(await this.#transfer.call('POST', this.#path, { parts }), asked);
  }

  /** @param {SignedParts} signed @param {number} asked when they were asked for, in ms */
  #keep({ expires, parts }, asked) {
    // Clocks differ: only the span counts, and a fifth of it is kept in reserve.
    const validUntil = asked + 0.8 * Math.max(1000, Date.parse(expires) - asked);
    for (const part of parts) this.#urls.set(part.number, { ...part, validUntil });
  }
}
