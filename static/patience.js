/** @import {State} from './types.d.ts' */
/** @import {Upload} from './upload.js' */
import { Fault, delay } from './request.js';

/** Tries that follow each other in vain before a file has failed: some three minutes. */
const LIMIT = 11;

/** Does the work of one upload again while that makes sense, and lets the upload say what it waits for. */
export class Patience {
  /** @type {State} */
  phase = 'preparing';
  flying = 0;
  /** Ends each wait early. @type {Set<() => void>} */
  waits = new Set();

  /** @param {Upload} upload @param {AbortSignal} signal */
  constructor(upload, signal) {
    this.upload = upload;
    this.signal = signal;
    upload.wake = () => this.waits.forEach((end) => end());
  }

  /** @param {State} [phase] */
  show(phase = this.phase) {
    this.phase = phase;
    if (this.signal.aborted) return;
    const held = this.waits.size && !this.flying;
    const state = !held ? phase : this.cut ? 'offline' : 'retrying';
    if (state !== this.upload.state) this.upload.move(state);
  }

  /** @template T @param {(tries: number) => Promise<T>} work @returns {Promise<T>} */
  async insist(work) {
    for (let tries = 0; ; tries++) {
      this.signal.throwIfAborted();
      this.flying++;
      this.show();
      /** @type {Fault} */
      let fault;
      try {
        return await work(tries);
      } catch (error) {
        if (!(error instanceof Fault) || !error.again || tries === LIMIT) throw error;
        fault = error;
      } finally {
        this.flying--;
      }
      await this.wait(delay(tries, fault.after), !fault.status);
    }
  }

  /** Waits some ms; with no network at all, for the network. @param {number} ms @param {boolean} cut */
  async wait(ms, cut) {
    const { signal, waits, upload } = this;
    this.cut = cut;
    upload.until = Date.now() + ms;
    await new Promise((/** @type {(value: void) => void} */ resolve) => {
      const timer = navigator.onLine ? setTimeout(() => end(), ms) : 0;
      const end = () => {
        clearTimeout(timer);
        waits.delete(end);
        removeEventListener('online', end);
        signal.removeEventListener('abort', end);
        resolve();
      };
      waits.add(end);
      addEventListener('online', end);
      signal.addEventListener('abort', end);
      this.show();
    });
  }
}
