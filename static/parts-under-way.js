/** @import {Transfer} from './transfer.js' */

/** The share of a part's bytes from which it is nearly sent. */
export const NEARLY = 0.75;
/** For how many ms a pause lets parts end that are nearly sent. */
const ENDING = 5000;

/**
 * A part: bytes that were sent of it, what aborts it, how often the store has refused its URL, and whether the last try had no answer.
 * @typedef {{number: number, bytes: number, size: number, controller: AbortController, refused: number, answerLost: boolean}} Part
 */

/** Parts of a file that are being sent, or wait for their next try. @extends {Set<Part>} */
export class PartsUnderWay extends Set {
  /** Bytes that were sent of them together. */
  get bytes() {
    return [...this].reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /**
   * Aborts them. A pause lets those end that are nearly sent, and all without which more than one part could be lost; after some seconds
   * only the latter, as long as they get on.
   * @param {Transfer} transfer @param {number} partSize
   */
  stop({ upload, signal }, partSize) {
    let lost = 0;
    const abort = (/** @type {(part: Part) => boolean} */ ends) => {
      for (const part of [...this].sort((a, b) => a.bytes - b.bytes)) {
        if (ends(part)) continue;
        lost += part.bytes;
        part.controller.abort(signal.reason);
      }
    };
    const abortAll = () => abort(() => false);
    if (upload.state !== 'paused') return abortAll();
    // Progress is reported late: of several parts together, only half a part may be lost by what was reported.
    const needed = (/** @type {Part} */ { bytes }) => lost > 0 && bytes > 0 && lost + bytes > partSize / 2;
    abort((part) => part.bytes >= NEARLY * part.size || needed(part));
    const before = new Map([...this].map((part) => [part, part.bytes]));
    setTimeout(abort, ENDING, (/** @type {Part} */ part) => needed(part) && part.bytes > (before.get(part) ?? 0));
    upload.gone.signal.addEventListener('abort', abortAll);
  }
}
