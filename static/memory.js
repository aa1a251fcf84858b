/** @import {Kept, Known, Plan} from './types.d.ts' */
/** @import {Upload} from './upload.js' */

/** Bytes of each sample. */
const SAMPLE = 65536;

/** A hash of the file's beginning, middle and end; '' on pages that may not hash. @param {Upload} upload */
async function sample({ file }) {
  if (!file || !crypto.subtle) return '';
  const at = [0, file.size / 2, -SAMPLE].map((from) => file.slice(from).slice(0, SAMPLE));
  const hash = await crypto.subtle.digest('SHA-256', await new Blob(at).arrayBuffer());
  return btoa(String.fromCharCode(...new Uint8Array(hash)));
}

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
const settled = (request) => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});

/** What an unfinished upload leaves behind, so that only its rest need be sent. */
export class Memory {
  /** @param {string} scope endpoint and profile */
  constructor(scope) {
    this.prefix = `postern ${scope} `;
  }

  /** @param {Known} file */
  key({ name, size, lastModified }) {
    return `${this.prefix}${size} ${lastModified} ${name}`;
  }

  /** @param {string} key @returns {Kept | null} */
  read(key) {
    try {
      return JSON.parse(localStorage.getItem(key) ?? 'null');
    } catch {
      return null;
    }
  }

  /** The plan of this very file, if one is kept. @param {Upload} upload @returns {Promise<Plan | null>} */
  async find(upload) {
    const kept = this.read(this.key(upload));
    return kept && kept.hash === (await sample(upload)) ? kept : null;
  }

  /** @param {Upload} upload */
  async keep(upload) {
    upload.hash = await sample(upload);
    this.note(upload);
    if (upload.handle) await this.handles((store) => store.put(upload.handle, this.key(upload))).catch(() => {});
  }

  /** @param {Upload} upload */
  note(upload) {
    const { plan, hash, name, size, lastModified, safe } = upload;
    try {
      localStorage.setItem(this.key(upload), JSON.stringify({ ...plan, hash, name, size, lastModified, safe }));
    } catch {
      // Without storage the upload works; it only can't be taken up again.
    }
  }

  /** @param {Upload} upload */
  drop(upload) {
    try {
      localStorage.removeItem(this.key(upload));
    } catch {
      // Without storage nothing was kept there.
    }
    if (upload.handle) this.handles((store) => store.delete(this.key(upload))).catch(() => {});
  }

  /** Keys of the files that some tab is sending; null where we get no locks, as in some iframes. */
  async held() {
    try {
      return new Set((await navigator.locks.query()).held?.map((lock) => lock.name));
    } catch {
      return null;
    }
  }

  /** Everything kept here that no open tab is sending. @returns {Promise<Kept[]>} */
  async list() {
    const held = await this.held();
    try {
      const keys = Object.keys(localStorage).filter((key) => key.startsWith(this.prefix) && !held?.has(key));
      return keys.flatMap((key) => this.read(key) ?? []);
    } catch {
      return [];
    }
  }

  /** The file by its handle, if the browser kept one; with `ask`, the person may be asked. @param {Upload} upload @param {boolean} ask @returns {Promise<File | null>} */
  async reopen(upload, ask) {
    upload.handle = null;
    try {
      const handle = await this.handles((store) => store.get(this.key(upload)));
      const permission = await (ask ? handle.requestPermission() : handle.queryPermission());
      const file = permission === 'granted' ? await handle.getFile() : null;
      if (file || (permission === 'prompt' && !ask)) upload.handle = handle;
      return file;
    } catch {
      return null;
    }
  }

  /**
   * Runs work where no other tab is at the same file, and waits for that.
   * @param {Upload} upload @param {AbortSignal} signal @param {() => Promise<void>} work @returns {Promise<void>}
   */
  async alone(upload, signal, work) {
    await ((await this.held()) ? navigator.locks.request(this.key(upload), { signal }, work) : work());
  }

  /** @param {(store: IDBObjectStore) => IDBRequest} ask */
  async handles(ask) {
    const opening = indexedDB.open('postern', 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore('handles');
    const base = await settled(opening);
    try {
      return await settled(ask(base.transaction('handles', 'readwrite').objectStore('handles')));
    } finally {
      base.close();
    }
  }
}
