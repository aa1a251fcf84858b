/** Places for what may go on at once. */
export class Slots {
  #taken = 0;
  /** @type {Set<() => void>} */ #waiting = new Set();
  /** @type {Set<() => void>} */ #waitingLast = new Set();

  /** @param {number} limit */
  constructor(limit) {
    this.limit = limit;
  }

  /**
   * Waits for a free place, and behind all others if `last`. Returns what frees the place; a second call of that does nothing.
   * @param {AbortSignal} signal @param {boolean} [last]
   */
  async take(signal, last) {
    const waiting = last ? this.#waitingLast : this.#waiting;
    while ((this.#taken >= this.limit || (last && this.#waiting.size)) && !signal.aborted) {
      await new Promise((/** @type {(value: void) => void} */ resolve) => {
        const wake = () => {
          signal.removeEventListener('abort', wake);
          waiting.delete(wake);
          resolve();
        };
        waiting.add(wake);
        signal.addEventListener('abort', wake);
      });
    }
    signal.throwIfAborted();
    this.#taken++;
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#taken--;
      this.#wakeAll();
    };
  }

  #wakeAll() {
    for (const wake of [...this.#waiting, ...this.#waitingLast]) wake();
  }
}
