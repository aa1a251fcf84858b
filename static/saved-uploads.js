/** @import {FileInfo, Plan, SavedUpload} from './types.d.ts' */
/** @import {Upload} from './upload.js' */

/** Bytes of each sample. */
const SAMPLE_SIZE = 65536;

/** A hash of the file's beginning, middle and end; '' on pages that have no crypto.subtle. @param {Upload} upload */
async function sampleHash({ file }) {
  if (!file || !crypto.subtle) return '';
  const samples = [0, file.size / 2, -SAMPLE_SIZE].map((from) => file.slice(from).slice(0, SAMPLE_SIZE));
  const hash = await crypto.subtle.digest('SHA-256', await new Blob(samples).arrayBuffer());
  return btoa(String.fromCharCode(...new Uint8Array(hash)));
}

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
const resultOf = (request) => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});

/** Unfinished uploads, saved in the browser so that a later visit sends only the rest. Without storage nothing is saved. */
export class SavedUploads {
  #prefix;

  /** @param {string} scope endpoint and profile */
  constructor(scope) {
    this.#prefix = `postern ${scope} `;
  }

  /** @param {FileInfo} file */
  key({ name, size, lastModified }) {
    return `${this.#prefix}${size} ${lastModified} ${name}`;
  }

  /** @param {string} key @returns {SavedUpload | null} */
  read(key) {
    try {
      return JSON.parse(localStorage.getItem(key) ?? 'null');
    } catch {
      return null;
    }
  }

  /** The plan of a file with the same content, if one is saved. @param {Upload} upload @returns {Promise<Plan | null>} */
  async findPlan(upload) {
    const found = this.read(this.key(upload));
    return found && found.hash === (await sampleHash(upload)) ? found : null;
  }

  /** Saves the plan, the progress and the file's handle. @param {Upload} upload */
  async save(upload) {
    upload.hash = await sampleHash(upload);
    this.update(upload);
    if (upload.handle) await this.withHandles((store) => store.put(upload.handle, this.key(upload))).catch(() => {});
  }

  /** Saves the progress. @param {Upload} upload */
  update(upload) {
    const { plan, hash, name, size, lastModified, storedBytes } = upload;
    try {
      localStorage.setItem(this.key(upload), JSON.stringify({ ...plan, hash, name, size, lastModified, storedBytes }));
    } catch {
      // There is no storage, or no room in it: the upload can't be resumed.
    }
  }

  /** @param {Upload} upload */
  remove(upload) {
    try {
      localStorage.removeItem(this.key(upload));
    } catch {
      // There is no storage, and nothing in it.
    }
    if (upload.handle) this.withHandles((store) => store.delete(this.key(upload))).catch(() => {});
  }

  /** Keys of the files that some tab is sending; null where locks aren't available, as in some iframes. */
  async #lockedKeys() {
    try {
      return new Set((await navigator.locks.query()).held?.map((lock) => lock.name));
    } catch {
      return null;
    }
  }

  /** The saved uploads that no open tab is sending. @returns {Promise<SavedUpload[]>} */
  async list() {
    const locked = await this.#lockedKeys();
    try {
      const keys = Object.keys(localStorage).filter((key) => key.startsWith(this.#prefix) && !locked?.has(key));
      return keys.flatMap((key) => this.read(key) ?? []);
    } catch {
      return [];
    }
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
   * Runs work while no other tab sends the same file, and waits until none does.
   * @param {Upload} upload @param {AbortSignal} signal @param {() => Promise<void>} work @returns {Promise<void>}
   */
  async withLock(upload, signal, work) {
    await ((await this.#lockedKeys()) ? navigator.locks.request(this.key(upload), { signal }, work) : work());
  }

  /** Runs one request on the database of file handles. @param {(store: IDBObjectStore) => IDBRequest} request */
  async withHandles(request) {
    const opening = indexedDB.open('postern', 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore('handles');
    const database = await resultOf(opening);
    try {
      return await resultOf(request(database.transaction('handles', 'readwrite').objectStore('handles')));
    } finally {
      database.close();
    }
  }
}
