/** @import {Algorithm} from './types.d.ts' */
import { Fault } from './request.js';

/** How many parts the worker runs ahead of the line. */
const AHEAD = 8;

const url = new URL('checksum-worker.js', import.meta.url);
/** Where no text may become the address of script, this one may. @type {URL} */
const SOURCE = /** @type {any} */ (window).trustedTypes?.createPolicy('postern', { createScriptURL: () => url.href }).createScriptURL('') ?? url;

/** Checksums of a file's parts, made in a worker while earlier parts travel. */
export class Checksums {
  /** @type {Map<number, Promise<string>>} */
  sums = new Map();
  /** @type {Map<number, (sum: string | null) => void>} */
  waiting = new Map();
  /** @type {Set<number>} */
  done = new Set();

  /** @param {Algorithm} algorithm @param {(number: number) => Blob} slice */
  constructor(algorithm, slice) {
    this.slice = slice;
    this.worker = new Worker(SOURCE, { type: 'module', name: algorithm });
    this.worker.onmessage = ({ data: { number, sum } }) => {
      this.waiting.get(number)?.(sum);
      if (sum) this.done.add(number);
    };
    this.worker.onerror = () => this.waiting.forEach((settle) => settle(null));
  }

  /** @param {number} number */
  ready(number) {
    return this.done.has(number);
  }

  /** Base64 of the value, as S3 writes it. @param {number} number @param {number} last */
  get(number, last) {
    for (let n = number; n <= last && n < number + AHEAD; n++) if (!this.sums.has(n)) this.sums.set(n, this.make(n));
    return /** @type {Promise<string>} */ (this.sums.get(number));
  }

  /** @param {number} number @returns {Promise<string>} */
  make(number) {
    const sum = new Promise((/** @type {(sum: string) => void} */ resolve, reject) => {
      this.waiting.set(number, (value) => value ? resolve(value) : reject(new Fault(400, 'unreadable')));
      this.worker.postMessage({ number, blob: this.slice(number) });
    });
    sum.catch(() => {});
    return sum;
  }

  close() {
    this.worker.terminate();
  }
}
