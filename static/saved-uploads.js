/** @import {FileInfo, Plan, SavedUpload} from './types.d.ts' */
/** @import {Owner} from './owner.js' */
/** @import {Upload} from './upload.js' */
import { withHandles } from './file-sources.js';

const SAMPLE_SIZE = 65536; // bytes

/** A hash of a file's beginning, middle and end, and of a text; '' on pages that have no crypto.subtle. @param {{file: File | null}} upload @param {string} [text] */
export async function sampleHash({ file }, text = '') {
  if (!file || !crypto.subtle) return '';
  const samples = [0, file.size / 2, -SAMPLE_SIZE].map((from) => file.slice(from).slice(0, SAMPLE_SIZE));
  const hash = await crypto.subtle.digest('SHA-256', await new Blob([text, ...samples]).arrayBuffer());
  return btoa(String.fromCharCode(...new Uint8Array(hash)));
}

/** Unfinished uploads, saved in the browser so that a later visit of the same person sends only the rest. Without storage nothing is saved. */
export class SavedUploads {
  withHandles = withHandles;
  /** False where locks aren't available, as in some iframes. */ #mayLock = navigator.locks?.query().then(() => true, () => false);

  /** @param {string} scope endpoint and profile @param {Owner} owner */
  constructor(scope, owner) {
    this.scope = scope;
    this.owner = owner;
  }

  /** What all uploads of a file have in common, whoever sends it; the name of its lock. @param {FileInfo} file */
  file({ name, size, lastModified }) {
    return `postern ${this.scope} ${size} ${lastModified} ${name}`;
  }

  /** @param {FileInfo & {owner: string}} upload */
  key(upload) {
    return this.file(upload).replace('postern', `postern ${upload.owner}`);
  }

  /** Keys of everything that is saved, whoever it belongs to. */
  keys() {
    try {
      return Object.keys(localStorage).filter((key) => key.startsWith('postern '));
    } catch {
      return [];
    }
  }

  /** @param {string} key @returns {SavedUpload | null} */
  read(key) {
    try {
      return JSON.parse(localStorage.getItem(key) ?? 'null');
    } catch {
      return null;
    }
  }

  /** The person's plan of a file with the same content, if one is saved. @param {Upload} upload @returns {Promise<Plan | null>} */
  async findPlan(upload) {
    const end = this.file(upload).slice(7);
    if (!this.keys().some((key) => key.endsWith(end))) return null;
    const hash = await sampleHash(upload);
    for (upload.owner of await this.owner.ask()) {
      const found = this.read(this.key(upload));
      if (found?.hash === hash) return found;
    }
    return null;
  }

  /** Saves the plan, the progress and the file's handle, unless it is removed meanwhile. @param {Upload} upload */
  async save(upload) {
    const { plan } = upload;
    upload.hash = await sampleHash(upload);
    if (upload.state !== 'removed' && upload.plan === plan && this.update(upload) && upload.handle) await this.withHandles((store) => store.put(upload.handle, this.key(upload))).catch(() => {});
  }

  /** Saves the progress. @param {Upload} upload @returns {boolean} whether it could be saved: there may be no storage, or no room in it */
  update(upload) {
    const { plan, owner, hash, name, size, lastModified, storedBytes } = upload;
    try {
      localStorage.setItem(this.key(upload), JSON.stringify({ ...plan, owner, hash, name, size, lastModified, storedBytes }));
      return true;
    } catch {
      return false;
    }
  }

  /** @param {Upload} upload */
  remove(upload) {
    this.#removeKey(this.key(upload));
    if (upload.handle) this.#removeHandles();
  }

  /** @param {string} key */
  #removeKey(key) {
    try {
      localStorage.removeItem(key);
    } catch {
      // There is no storage, and nothing in it.
    }
  }

  /** Removes the handles of all files whose upload isn't saved any more. */
  async #removeHandles() {
    try {
      const handles = await this.withHandles((store) => store.getAllKeys());
      const saved = new Set(this.keys());
      for (const key of handles) if (!saved.has(key)) await this.withHandles((store) => store.delete(key));
    } catch {
      // There is no database, and nothing in it.
    }
  }

  /** Removes everything that some people have saved here, for any profile. @param {Iterable<string>} owners their marks */
  async forget(owners) {
    const forgotten = new Set(owners);
    for (const key of this.keys()) if (forgotten.has(key.split(' ')[1])) this.#removeKey(key);
    await this.#removeHandles();
  }

  /** Removes what has ended, whoever it belongs to. @returns ms until the next one ends */
  sweep() {
    let next = Infinity;
    for (const key of this.keys()) {
      const left = (this.read(key)?.ends ?? 0) - Date.now();
      if (left > 0) next = Math.min(next, left);
      else this.#removeKey(key);
    }
    return next;
  }

  /** Names of the files that some tab is sending; null where locks aren't available, as in some iframes. */
  async #lockedFiles() {
    try {
      return new Set((await navigator.locks.query()).held?.map((lock) => lock.name));
    } catch {
      return null;
    }
  }

  /** The person's saved uploads that no open tab is sending. @param {string[]} marks of the person @returns {Promise<SavedUpload[]>} */
  async list(marks) {
    const locked = await this.#lockedFiles();
    await this.#removeHandles();
    const keys = this.keys().filter((key) => marks.some((mark) => key.startsWith(`postern ${mark} ${this.scope} `)));
    return keys.flatMap((key) => this.read(key) ?? []).filter((found) => !locked?.has(this.file(found)));
  }

  /** The file of a saved handle; with `ask`, the browser may ask the person for permission. @param {Upload} upload @param {boolean} ask @returns {Promise<File | null>} */
  async reopenFile(upload, ask) {
    upload.handle = null;
    try {
      const handle = await this.withHandles((store) => store.get(this.key(upload)));
      const permission = await (ask ? handle.requestPermission() : handle.queryPermission());
      const file = permission === 'granted' ? await handle.getFile() : null;
      if (file || (permission === 'prompt' && !ask)) upload.handle = handle;
      return file;
    } catch {
      return null;
    }
  }

  /**
   * Runs work while no other tab sends the same file, and waits until none does. What another tab has uploaded meanwhile isn't sent again.
   * @param {Upload} upload @param {AbortSignal} signal @param {() => Promise<void>} work @returns {Promise<void>}
   */
  async withLock(upload, signal, work) {
    if (!(await this.#mayLock)) return work();
    const name = this.file(upload);
    const taken = await navigator.locks.request(name, { ifAvailable: true }, (lock) => (lock ? work() : true));
    if (taken) await navigator.locks.request(name, { signal }, await import('./same-file.js').then(({ afterAnother }) => afterAnother(this, upload, work), () => work));
  }
}
