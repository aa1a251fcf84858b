/** @import {QueueOptions} from './types.d.ts' */
import { Slots, keepRate, lastRate } from './core.js';

/** Rates in bytes/s, from which two parts are sent at once, from which more may be, and from which four are tried after the first: one by one they would come too late. */
const [TWO, MORE, FOUR] = [2e6, 1e7, 4e7];
/** The most parts that are under way at once, and that are tried of one file: browsers have six connections to a host. */
export const MAX_CONCURRENCY = 6;

/** A place for a part: what frees it when the part is nearly sent, and when it has ended. @typedef {{nearlySent: () => void, release: () => void}} Place */

/**
 * How many parts are sent at once, of all files of a page together. Each part that is under way is lost when its connection breaks: on a
 * slow line there is one, and more than two are there only while that is faster.
 */
export class Pace {
  /** More than that weren't faster. */
  #most = MAX_CONCURRENCY;
  /** What was sent `since` the number of parts last changed, and the rate and number before that. `since` is 0 until a part is sent. */
  #window = { bytes: 0, parts: 0, since: 0, rate: 0, before: 0 };
  /** Whether the line was fast when it was measured last. */
  #fast = false;
  #underWay = new Slots(MAX_CONCURRENCY);
  /** Places for parts of which much is still to be sent. */
  slots = new Slots(lastRate() < TWO ? 1 : 2);

  /**
   * Waits for a place for a part, and behind the parts of all files that weren't tried yet if it was tried. Returns what frees the place,
   * and what frees it early, when the part is nearly sent: on a fast line the next part begins then, as parts that began together end
   * together, and the line would be idle until there is an answer to them and to the next preflights.
   * @param {AbortSignal} signal @param {boolean} tried @returns {Promise<Place>}
   */
  async take(signal, tried) {
    const free = await this.slots.take(signal, tried);
    const end = await this.#underWay.take(signal).catch((error) => {
      free();
      throw error;
    });
    return { nearlySent: () => { if (this.#fast) free(); }, release: () => [free, end].forEach((call) => call()) };
  }

  /** A part begins to be sent. */
  begin() {
    this.#window.since ||= performance.now();
  }

  /** A part wasn't sent. */
  fail() {
    this.slots.limit = Math.max(1, this.slots.limit - 1);
    this.#fast = false;
    this.restart();
  }

  /** Measures anew: what was measured while parts were aborted or failed says nothing. @param {number} [since] @param {number} [rate] @param {number} [before] */
  restart(since = 0, rate = 0, before = 0) {
    this.#window = { bytes: 0, parts: 0, since, rate, before };
  }

  /** A part was sent. Once as many were as are sent at once, the rate decides how many follow. @param {number} bytes of the part */
  end(bytes) {
    const window = this.#window;
    const { limit } = this.slots;
    window.bytes += bytes;
    if (++window.parts < limit) return;
    const now = performance.now();
    const rate = (window.bytes / (now - window.since)) * 1000;
    if (limit > 2 && rate < window.rate * 1.05) this.#most = Math.max(2, window.before);
    const next = rate < TWO ? 1 : rate < MORE ? 2 : Math.min(limit < 2 && rate > FOUR ? 4 : limit + 1, this.#most);
    this.slots.limit = next;
    this.#fast = rate >= MORE;
    keepRate(rate);
    // The rate to be exceeded is that of fewer parts.
    this.restart(now, next > limit ? rate : 0, limit);
  }
}

/** @type {WeakMap<QueueOptions, Pace>} */
const paces = new WeakMap();

/** The pace of a queue. @param {QueueOptions} options */
export function paceOf(options) {
  const pace = paces.get(options) ?? new Pace();
  paces.set(options, pace);
  return pace;
}
