/** @import {Stored} from './types.d.ts' */
/** @import {Uploader} from './element.js' */
/** @import {Queue} from './queue.js' */
import { Upload } from './core.js';

/**
 * A receipt that the browser keeps until the form is sent. `ends` in ms by this machine's clock; `owner` is the mark of whose it is.
 * @typedef {{receipt: string, ends: number, owner: string}} KeptReceipt
 */

/** What the browser keeps of a field: what was uploaded since the page was rendered, and the IDs of what was taken out. @typedef {{files: KeptReceipt[], removed: string[]}} KeptState */

/** Begins the names under which a tab keeps the states of fields. */
const PREFIX = 'postern field ';

/** What a receipt says. @param {string} receipt @returns {Stored & {jti: string, filename?: string, iat: number, exp: number}} */
function claimsOf(receipt) {
  const payload = atob(receipt.split('.')[1].replace(/-/g, '+').replace(/_/g, '/'));
  return JSON.parse(new TextDecoder().decode(Uint8Array.from(payload, (c) => c.charCodeAt(0))));
}

/** The finished files of a field: those that the server has rendered, and those that only the browser has. */
export class KeptReceipts {
  /** What the server has rendered, by upload ID. @type {Map<string, HTMLInputElement>} */
  rendered = new Map();
  /** When those end that only the browser has. @type {Map<Upload, number>} */
  #ends = new Map();
  /** What the tab keeps for other people. @type {KeptReceipt[]} */
  #foreign = [];
  /** IDs of what the form was sent with, or without. @type {Set<string>} */
  #sent = new Set();
  /** How many times it is being looked up whose the kept receipts are. */
  lookups = 0;

  /** @param {Uploader} element @param {Queue} queue */
  constructor(element, queue) {
    this.element = element;
    this.queue = queue;
  }

  /** The files that have a receipt, and their IDs. */
  get uploads() { return [...this.queue.uploads].filter((upload) => upload.stored?.receipt); }
  get #ids() { return this.uploads.map((upload) => upload.stored?.id ?? ''); }

  /** The name under which the tab keeps the state. */
  get #key() { return `${PREFIX}${location.pathname}${location.search} ${this.element.getAttribute('name')}`; }

  /** Shows what the server has rendered, perhaps again: then what isn't there any more was used or refused. @param {HTMLInputElement[]} inputs */
  render(inputs) {
    const ids = new Map(inputs.map((input) => [claimsOf(input.value).jti, input]));
    for (const upload of this.uploads) {
      const { id } = /** @type {Stored} */ (upload.stored);
      if (!ids.has(id) && (this.rendered.has(id) || this.#sent.has(id))) this.queue.drop(upload);
    }
    this.rendered = new Map([...ids].filter(([, input]) => input.type === 'checkbox'));
    for (const input of inputs) if (input.checked || input.type === 'hidden') this.#showRendered(input);
  }

  /** @param {HTMLInputElement} input */
  #showRendered(input) {
    const { options, owner } = this.queue;
    this.#show(input.value, options.owners()[0] ?? owner.guest, 0, input.closest('label')?.querySelector('bdi')?.textContent);
  }

  /** Adds a finished file, unless it is there. @param {string} receipt @param {string} owner @param {number} ends 0 where the server has rendered it @param {string} [name] */
  #show(receipt, owner, ends, name) {
    const { uploads, options } = this.queue;
    const { jti: id, filename, ...claims } = claimsOf(receipt);
    const stored = { ...claims, id, receipt };
    const shown = this.uploads.find((upload) => upload.stored?.id === id);
    // The server's is the newer one.
    if (shown && !ends) shown.stored = stored;
    if (shown) return;
    const { size, key } = claims;
    const upload = new Upload(null, { name: name || filename || key.replace(/.*\//, ''), size, lastModified: 0 }, options.onChange);
    Object.assign(upload, { state: 'done', storedBytes: size, sentBytes: size, stored, owner });
    if (ends) this.#ends.set(upload, ends);
    uploads.add(upload);
    options.onChange(upload);
  }

  /** Shows what the browser has kept, if it is the person's. @param {() => void} update is called before and after the wait */
  async restore(update) {
    const { element, queue } = this;
    const states = [element.restored, this.#read()].flatMap((text) => (text ? /** @type {KeptState} */ (JSON.parse(text)) : []));
    element.restored = '';
    for (const upload of this.uploads) if (states.some(({ removed }) => removed.includes(upload.stored?.id ?? ''))) queue.drop(upload);
    const files = states.flatMap((state) => state.files).filter(({ ends }) => ends > Date.now());
    if (files.length) {
      this.lookups++;
      update();
      const marks = (await queue.owner.settle()) ?? [];
      for (const { receipt, ends, owner } of files) if (marks.includes(owner)) this.#show(receipt, owner, ends);
      this.#foreign = files.filter(({ owner }) => !marks.includes(owner));
      this.#dropOldest();
      this.lookups--;
    }
    update();
  }

  /** Leaves the newest files where there are more than the field takes. */
  #dropOldest() {
    const most = +(this.element.getAttribute('max-files') ?? '') || (this.queue.options.rules.multiple ? Infinity : 1);
    const issued = (/** @type {Upload} */ upload) => claimsOf(`${upload.stored?.receipt}`).iat;
    this.uploads.sort((a, b) => issued(b) - issued(a)).slice(most).forEach((upload) => this.queue.drop(upload));
  }

  /** Has the browser keep the state for when the visitor comes back, and the tab what wasn't sent. @returns {boolean} whether the files differ from what the server has rendered */
  keep() {
    const { element, uploads, rendered } = this;
    const shown = this.#ids;
    const removed = [...rendered.keys()].filter((id) => !shown.includes(id));
    const own = uploads.filter((_, i) => !rendered.has(shown[i]));
    this.#ends = new Map(own.map((upload) => [upload, this.#ends.get(upload) ?? this.#endOf(upload)]));
    const files = own.map((upload) => ({ receipt: `${upload.stored?.receipt}`, ends: /** @type {number} */ (this.#ends.get(upload)), owner: upload.owner }));
    element.internals.setFormValue(new FormData(), JSON.stringify({ files, removed }));
    const unsent = (/** @type {string} */ id) => !this.#sent.has(id);
    const tab = { files: [...files.filter((_, i) => unsent(`${own[i].stored?.id}`)), ...this.#foreign], removed: removed.filter(unsent) };
    if (!this.lookups) this.#save(tab);
    return own.length + removed.length > 0;
  }

  /** Clocks differ, so only the span counts. @param {Upload} upload */
  #endOf(upload) {
    const { iat, exp } = claimsOf(`${upload.stored?.receipt}`);
    return Date.now() + (exp - iat) * 1000;
  }

  /** What was sent is the host's: the tab doesn't keep it. */
  send() {
    this.#sent = new Set([...this.#ids, ...this.rendered.keys()]);
    this.keep();
  }

  /** Shows what the server has rendered, and nothing else. */
  reset() {
    this.uploads.forEach((upload) => this.queue.drop(upload));
    this.element.reset();
    for (const input of this.rendered.values()) this.#showRendered(input);
  }

  #read() {
    try {
      return sessionStorage.getItem(this.#key);
    } catch {
      return null;
    }
  }

  /** @param {KeptState} state */
  #save(state) {
    try {
      if (state.files.length + state.removed.length) sessionStorage.setItem(this.#key, JSON.stringify(state));
      else sessionStorage.removeItem(this.#key);
    } catch {
      // There is no storage, or no room in it: a reload loses what wasn't sent.
    }
  }

  /** Forgets what the server has rendered, and what the tab keeps of all fields. */
  forget() {
    this.rendered.clear();
    this.#foreign = [];
    try {
      for (const key of Object.keys(sessionStorage)) if (key.startsWith(PREFIX)) sessionStorage.removeItem(key);
    } catch {
      // There is no storage, and nothing in it.
    }
  }
}
