/** @import {Transfer} from './transfer.js' */

/** The share of a part's bytes from which it is nearly sent. */
export const NEARLY = 0.75;
/** How long, in ms, a pause waits for the part of which least is sent, and for those that don't get on. */
const ENDING = 5000;

/**
 * A part: whether it is being sent, bytes that were sent of it, what aborts it, how often the store has refused its URL, and whether the
 * last try had no answer.
 * @typedef {{number: number, sending: boolean, bytes: number, size: number, controller: AbortController, refused: number, answerLost: boolean}} Part
 */

/** Parts of a file that are being sent, or wait for their next try. @extends {Set<Part>} */
export class PartsUnderWay extends Set {
  /** Bytes that were sent of them together. */
  get bytes() {
    return [...this].reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /**
   * Aborts them. A pause loses one part at most: it aborts the one of which least is sent, if that isn't nearly sent, and lets the others
   * end as long as they get on. Several with little sent can't be aborted, as progress is reported late: more is sent than that.
   * @param {Transfer} transfer
   */
  stop({ upload, signal }) {
    const abort = (/** @type {Part} */ { controller }) => controller.abort(signal.reason);
    const abortAll = () => this.forEach(abort);
    if (upload.state !== 'paused') return abortAll();
    const before = new Map([...this].filter(({ sending }) => sending).map((part) => [part, part.bytes]));
    const [least] = [...before.keys()].sort((a, b) => a.bytes - b.bytes);
    if (least?.bytes < NEARLY * least?.size) abort(least);
    setTimeout(() => this.forEach((part) => (part === least || part.bytes === before.get(part)) && abort(part)), ENDING);
    upload.gone.signal.addEventListener('abort', abortAll);
  }
}
