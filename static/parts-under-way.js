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
   * Aborts them. A pause lets those end that are nearly sent, for some seconds, and longer those without which more than one part would be lost.
   * @param {Transfer} transfer @param {number} partSize
   */
  stop({ upload, signal }, partSize) {
    const paused = upload.state === 'paused';
    let lost = 0;
    const abort = (/** @type {number} */ most, /** @type {number} */ share) => {
      for (const { bytes, size, controller } of [...this].sort((a, b) => a.bytes - b.bytes)) {
        if (bytes >= share * size || lost + bytes > most) continue;
        lost += bytes;
        controller.abort(signal.reason);
      }
    };
    const abortAll = () => abort(Infinity, Infinity);
    if (!paused) return abortAll();
    abort(partSize, NEARLY);
    setTimeout(abort, ENDING, partSize, Infinity);
    upload.gone.signal.addEventListener('abort', abortAll);
  }
}
