/** @import {Algorithm} from './types.d.ts' */
import { RequestError } from './core.js';

/** How many parts, from the one asked for on, are given to the worker. */
const PARTS_AHEAD = 8;

/** @param {string} name of an algorithm */
const urlOf = (name) => new URL(name === 'md5' ? 'md5.js' : 'crc.js', import.meta.url).href;
/** Pages that enforce trusted types allow no string as the URL of a worker. @type {{createScriptURL: (name: string) => any}} */
const urls = /** @type {any} */ (window).trustedTypes?.createPolicy('postern', { createScriptURL: urlOf }) ?? { createScriptURL: urlOf };
/** @param {Algorithm} name */
const startWorker = (name) => new Worker(urls.createScriptURL(name), { type: 'module', name });

/** Workers that were started before they are needed, by algorithm. @type {Map<Algorithm, Worker>} */
const started = new Map();

/** Starts a worker, while the plan of a file is asked for that needs it. @param {Algorithm} algorithm */
export function prepare(algorithm) {
  if (!started.has(algorithm)) started.set(algorithm, startWorker(algorithm));
}

/** Checksums of a file's parts, computed in a worker while earlier parts are sent. */
export class Checksums {
  /** @type {Map<number, Promise<string>>} */
  #sums = new Map();
  /** @type {Map<number, (sum: string | null) => void>} */
  #waiting = new Map();
  /** @type {Set<number>} */
  #done = new Set();
  #slice;
  #worker;

  /** @param {Algorithm} algorithm @param {(number: number) => Blob} slice */
  constructor(algorithm, slice) {
    this.#slice = slice;
    this.#worker = started.get(algorithm) ?? startWorker(algorithm);
    started.delete(algorithm);
    this.#worker.onmessage = ({ data: { number, sum } }) => {
      this.#waiting.get(number)?.(sum);
      if (sum) this.#done.add(number);
    };
    this.#worker.onerror = () => this.#waiting.forEach((finish) => finish(null));
  }

  /** @param {number} number */
  ready(number) {
    return this.#done.has(number);
  }

  /** The checksum of a part in base64, as S3 writes it. @param {number} number @param {number} last part number */
  get(number, last) {
    for (let n = number; n <= last && n < number + PARTS_AHEAD; n++) if (!this.#sums.has(n)) this.#sums.set(n, this.#compute(n));
    return /** @type {Promise<string>} */ (this.#sums.get(number));
  }

  /** @param {number} number @returns {Promise<string>} */
  #compute(number) {
    const sum = new Promise((/** @type {(sum: string) => void} */ resolve, reject) => {
      this.#waiting.set(number, (value) => value ? resolve(value) : reject(new RequestError(400, 'unreadable')));
      this.#worker.postMessage({ number, blob: this.#slice(number) });
    });
    sum.catch(() => {});
    return sum;
  }

  close() {
    this.#worker.terminate();
  }
}
