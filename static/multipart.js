/** @import {Plan, PartURL} from './types.d.ts' */
/** @import {Transfer} from './transfer.js' */
/** @import {Checksums} from './checksum.js' */
/** @import {Fault} from './request.js' */
import { send } from './request.js';

/** Part URLs asked for at once. */
const BATCH = 24;
const MOST_LANES = 6;
/** The store got other bytes than were sent, or only some: the same part may go again. */
const GARBLED = /BadDigest|ChecksumMismatch|IncompleteBody|RequestTimeout/;

/** Sends the parts of one file, several at a time: as many as make it faster. */
export class Multipart {
  lanes = 4;
  rate = 0;
  window = { bytes: 0, parts: 0, since: performance.now() };
  safe = 0;
  /** Bytes handed to the line, by part. @type {Map<number, number>} */
  flying = new Map();
  /** @type {Map<number, PartURL>} */
  urls = new Map();
  /** @type {Map<number, Promise<void>>} */
  asked = new Map();
  /** Part numbers yet to be taken up, in order. @type {number[]} */
  left = [];
  /** @type {Checksums | null} */
  sums = null;

  /** @param {Transfer} transfer @param {Plan} plan */
  constructor(transfer, plan) {
    this.transfer = transfer;
    this.plan = plan;
    const { partSize = 0, partCount = 0, checksum = null } = plan.multipart ?? {};
    this.partSize = partSize;
    this.partCount = partCount;
    this.checksum = checksum;
  }

  /** @param {number} number */
  slice(number) {
    const from = (number - 1) * this.partSize;
    return this.transfer.file.slice(from, from + this.partSize);
  }

  /** @param {boolean} resumed whether the store may have parts already */
  async run(resumed) {
    const { transfer, checksum } = this;
    try {
      if (checksum) this.sums = new (await import('./checksum.js')).Checksums(checksum, (number) => this.slice(number));
      const there = resumed ? await transfer.insist(() => this.there()) : new Set();
      for (let n = 1; n <= this.partCount; n++) {
        if (there.has(n)) this.safe += this.slice(n).size;
        else this.left.push(n);
      }
      this.count(0, 0);
      transfer.show('sending');
      await this.travel();
    } finally {
      this.sums?.close();
    }
  }

  /** Numbers of the parts that the store has. */
  async there() {
    const { parts } = await this.transfer.call('GET', `/${this.plan.id}/parts`);
    return new Set(parts.map((/** @type {PartURL} */ part) => part.number));
  }

  async travel() {
    /** @type {Map<number, Promise<void>>} */
    const lanes = new Map();
    while (this.left.length || lanes.size) {
      while (this.left.length && lanes.size < this.lanes) {
        const number = /** @type {number} */ (this.left.shift());
        const lane = this.part(number).finally(() => lanes.delete(number));
        lane.catch(() => {});
        lanes.set(number, lane);
      }
      await Promise.race(lanes.values());
    }
  }

  /** @param {number} number */
  async part(number) {
    const { transfer, urls } = this;
    const { signal, host } = transfer;
    const body = this.slice(number);
    let [refused, lost] = [0, false];
    await transfer.insist(async (tries) => {
      // All of it went and nothing came back: the store may have it.
      if (lost && (await this.there()).has(number)) return;
      const { url, headers } = await this.url(number);
      try {
        await send({
          method: 'PUT', url, headers, body, signal, stall: host.stall * 2 ** Math.min(tries, 3),
          progress: (bytes) => this.count(number, bytes),
        });
      } catch (error) {
        lost = this.flying.get(number) === body.size;
        this.count(number, 0);
        urls.clear(); // what ended this one may have ended all
        this.lanes = Math.max(1, this.lanes - 1);
        const fault = /** @type {Fault} */ (error);
        // A URL past its time is a 403, or nothing at all where the store sends no CORS headers with it.
        if (GARBLED.test(fault.code) || (fault.status === 403 && refused++ < 3)) fault.again = true;
        throw fault;
      }
    });
    this.safe += body.size;
    this.count(number, 0);
    transfer.memory.note(transfer.upload);
    this.adapt(body.size);
  }

  /** @param {number} number @param {number} bytes of that part, 0 when they are lost or safe */
  count(number, bytes) {
    this.flying.set(number, bytes);
    if (!bytes) this.flying.delete(number);
    this.transfer.upload.count(this.safe, [...this.flying.values()].reduce((sum, some) => sum + some, 0));
  }

  /** One lane more while that pays, one less when it cost; few where parts take long, since each loses what it had when the line is cut. @param {number} bytes */
  adapt(bytes) {
    const { window } = this;
    window.bytes += bytes;
    if (++window.parts < this.lanes) return;
    const span = performance.now() - window.since;
    const rate = window.bytes / span;
    if (span > 20000) this.lanes = 2;
    else if (rate > this.rate * 1.05) this.lanes = Math.min(MOST_LANES, this.lanes + 1);
    else if (rate < this.rate * 0.7) this.lanes = Math.max(2, this.lanes - 1);
    Object.assign(this, { rate, window: { bytes: 0, parts: 0, since: window.since + span } });
  }

  /** @param {number} number @returns {Promise<PartURL>} */
  async url(number) {
    for (;;) {
      const found = this.urls.get(number);
      if (found && found.until > Date.now()) {
        const next = this.left.at(this.lanes);
        if (next && !this.urls.has(next) && !this.asked.has(next)) this.ask(next).catch(() => {});
        return found;
      }
      await (this.asked.get(number) ?? this.ask(number));
    }
  }

  /** Has this part's URL signed, and those of the parts that follow. @param {number} number */
  ask(number) {
    const { sums, left, urls, asked } = this;
    const fresh = (/** @type {number} */ n) => n > number && !urls.has(n) && !asked.has(n) && (!sums || sums.ready(n));
    const numbers = [number, ...left.slice(0, 4 * BATCH).filter(fresh).slice(0, BATCH - 1)];
    const answer = this.sign(numbers).finally(() => numbers.forEach((n) => asked.delete(n)));
    numbers.forEach((n) => asked.set(n, answer));
    return answer;
  }

  /** @param {number[]} numbers */
  async sign(numbers) {
    const { sums, plan, transfer } = this;
    const parts = [];
    for (const number of numbers) parts.push({ number, checksum: await sums?.get(number, this.partCount) });
    const asked = Date.now();
    const answer = await transfer.call('POST', `/${plan.id}/parts`, { parts });
    // Clocks differ: only the span counts, and a fifth of it is kept in reserve.
    const until = asked + 0.8 * Math.max(1000, Date.parse(answer.expires) - asked);
    for (const part of answer.parts) this.urls.set(part.number, { ...part, until });
  }
}
