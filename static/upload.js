/** @import {Known, State, Plan, Stored} from './types.d.ts' */

/** Where a file may go from each state. Any other move is a mistake of ours. @type {Record<State, string>} */
const MOVES = {
  chosen: 'waiting refused removed',
  refused: 'removed',
  waiting: 'preparing removed',
  preparing: 'sending confirming offline retrying paused failed refused interrupted removed',
  sending: 'preparing confirming offline retrying paused failed refused interrupted removed',
  paused: 'waiting removed',
  offline: 'preparing sending confirming retrying paused failed refused interrupted removed',
  retrying: 'preparing sending confirming offline paused failed refused interrupted removed',
  confirming: 'preparing sending offline retrying done failed refused interrupted removed',
  done: 'removed',
  failed: 'waiting removed',
  interrupted: 'waiting removed',
  removed: '',
};

/** One file on its way. Knows nothing of pages or requests. */
export class Upload {
  /** @type {State} */
  state = 'chosen';
  /** Bytes the store has for good. */
  safe = 0;
  /** Bytes handed to the line, the safe ones included. */
  sent = 0;
  /** Why it was refused or failed: one of the API's codes, or our own. */
  code = '';
  /** When the next try is due, in ms. */
  until = 0;
  /** @type {Plan | null} */
  plan = null;
  /** @type {Stored | null} */
  stored = null;
  /** @type {FileSystemFileHandle | null} */
  handle = null;
  /** A sample of the file's content. */
  hash = '';
  /** Aborts what is under way. @type {AbortController | null} */
  stop = null;
  /** Ends a wait early. @type {(() => void) | null} */
  wake = null;

  /**
   * @param {File | null} file null when it has to be chosen again
   * @param {Known} known
   * @param {(upload: Upload) => void} changed
   */
  constructor(file, known, changed) {
    this.file = file;
    this.name = known.name;
    this.size = known.size;
    this.lastModified = known.lastModified;
    this.changed = changed;
  }

  /** From 0 to 1; 1 only when the store has confirmed. */
  get progress() {
    return this.state === 'done' ? 1 : Math.min(this.sent / (this.size || 1), 0.99);
  }

  /** @param {State} state */
  may(state) {
    return MOVES[this.state].split(' ').includes(state);
  }

  /** @param {State} state @param {string} [code] */
  move(state, code = '') {
    if (!this.may(state)) throw new Error(`upload: can't go from ${this.state} to ${state}`);
    this.state = state;
    this.code = code;
    this.changed(this);
  }

  /** @param {number} safe @param {number} flying */
  count(safe, flying) {
    this.safe = safe;
    this.sent = safe + flying;
    this.changed(this);
  }
}
