/** Places for what may go on at once. */
export class Slots {
  #taken = 0;
  /** @type {(() => void)[]} */ #waiting = [];

  /** @param {number} limit */
  constructor(limit) {
    this.limit = limit;
  }

  /** Waits for a free place. Whoever gets it calls `release`. @param {AbortSignal} signal */
  async take(signal) {
    while (this.#taken >= this.limit && !signal.aborted) {
      await new Promise((/** @type {(value: void) => void} */ resolve) => {
        const wake = () => {
          signal.removeEventListener('abort', wake);
          resolve();
        };
        this.#waiting.push(wake);
        signal.addEventListener('abort', wake);
      });
    }
    signal.throwIfAborted();
    this.#taken++;
  }

  release() {
    this.#taken--;
    this.#waiting.splice(0).forEach((wake) => wake());
  }
}
