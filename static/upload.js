/** @import {Diagnosis, FileInfo, State, Plan, SignedParts, Stored} from './types.d.ts' */

/** The states that may follow while a file is being uploaded. */
const NEXT = 'preparing sending confirming offline retrying failed refused interrupted removed';
/** The states that may follow each state. Any other change is a programming error. @type {Record<State, string>} */
const TRANSITIONS = {
  chosen: 'waiting refused removed',
  refused: 'removed',
  waiting: 'preparing removed',
  preparing: `paused ${NEXT}`,
  sending: `paused ${NEXT}`,
  paused: 'waiting removed',
  offline: `paused ${NEXT}`,
  retrying: `paused ${NEXT}`,
  confirming: `done ${NEXT}`,
  done: 'removed',
  failed: 'waiting removed',
  interrupted: 'waiting removed',
  removed: '',
};

/** Files larger than this, in bytes, are worth the preflight that a progress listener costs. */
const SMALL = 256 << 10;

/** One file and how far its upload is. Knows nothing of pages or requests. */
export class Upload {
  /** @type {State} */
  state = 'chosen';
  /** Bytes that the store has. */
  storedBytes = 0;
  /** Bytes that were sent, the stored ones included. */
  sentBytes = 0;
  /** Why it was refused or failed: a code of the API or of the store, or one of the script's own. */
  code = '';
  /** When the next try is due, in ms. */
  retryAt = 0;
  /** @type {Plan | null} */
  plan = null;
  /** URLs of its first parts, until they are used. They are never saved. @type {SignedParts | null} */
  signed = null;
  /** @type {Stored | null} */
  stored = null;
  /** @type {FileSystemFileHandle | null} */
  handle = null;
  /** Mark of whom it was issued to; '' before. */
  owner = '';
  /** When the upload token ends of one that is interrupted, in ms. */
  ends = Infinity;
  /** Until when the person may remove it after it was accepted, in ms. */
  removableUntil = 0;
  /** Hash of samples of the file. */
  hash = '';
  /** Why requests to the store fail, once that was found out. @type {Diagnosis | null} */
  diagnosis = null;
  /** Whether it waits for another tab that sends the same file. */
  elsewhere = false;
  /** Whether the person has asked to send it although it was sent before. */
  again = false;
  /** Aborted when it is removed. */
  gone = new AbortController();
  /** Aborts the requests that are under way. @type {AbortController | null} */
  controller = null;
  /** Settled when nothing of the last run is under way. @type {Promise<unknown> | undefined} */
  ended;
  /** Ends a wait for the next try. @type {(() => void) | null} */
  retryNow = null;

  /**
   * @param {File | null} file null when it has to be chosen again
   * @param {FileInfo} info
   * @param {(upload: Upload) => void} onChange
   */
  constructor(file, info, onChange) {
    this.file = file;
    this.name = info.name;
    this.size = info.size;
    this.lastModified = info.lastModified;
    this.onChange = onChange;
  }

  /** From 0 to 1; 1 only after the store has confirmed. */
  get progress() {
    return this.state === 'done' ? 1 : Math.min(this.sentBytes / (this.size || 1), 0.99);
  }

  /** Whether the file is sent without progress, and issued and completed together with others. */
  get small() {
    return this.size <= SMALL;
  }

  /** @param {State} state */
  canMove(state) {
    return TRANSITIONS[this.state].split(' ').includes(state);
  }

  /** @param {State} state @param {string} [code] */
  move(state, code = '') {
    if (!this.canMove(state)) throw new Error(`upload: can't go from ${this.state} to ${state}`);
    this.state = state;
    this.code = code;
    this.onChange(this);
  }

  /** Ends in the state that a failure leads to: what breaks a rule is refused again whenever it is sent, and a file that can't be read has to be chosen again. @param {string} code */
  fail(code) {
    const unreadable = code === 'unreadable';
    if (unreadable) this.file = this.handle = null;
    this.move(/^(type|size_too|filename|already_up)/.test(code) ? 'refused' : unreadable ? 'interrupted' : 'failed', code);
  }

  /** @param {number} stored bytes that the store has @param {number} inFlight bytes that were sent and may be lost */
  setProgress(stored, inFlight) {
    this.storedBytes = stored;
    this.sentBytes = stored + inFlight;
    this.onChange(this);
  }
}
