/** @import {Kept, Plan} from './types.d.ts' */
/** @import {Upload} from './upload.js' */

/** Bytes of each sample. */
const SAMPLE = 65536;

/** A hash of the file's beginning, middle and end; '' on pages that may not hash. @param {File} file */
async function sample(file) {
  if (!crypto.subtle) return '';
  const at = [0, (file.size - SAMPLE) >> 1, file.size - SAMPLE].map((from) => file.slice(Math.max(0, from)).slice(0, SAMPLE));
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

  /** @param {{name: string, size: number, modified: number}} file */
  key({ name, size, modified }) {
    return `${this.prefix}${size} ${modified} ${name}`;
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
    return kept && upload.file && kept.hash === (await sample(upload.file)) ? kept : null;
  }

  /** @param {Upload} upload @param {Plan} plan */
  async keep(upload, plan) {
    if (!upload.file) return;
    const { name, size, modified, safe } = upload;
    const hash = await sample(upload.file);
    try {
      localStorage.setItem(this.key(upload), JSON.stringify({ ...plan, hash, name, size, modified, safe }));
      if (upload.handle) await this.handles((store) => store.put(upload.handle, this.key(upload)));
    } catch {
      // Without storage the upload works; it only can't be taken up again.
    }
  }

  /** @param {Upload} upload */
  note(upload) {
    const kept = this.read(this.key(upload));
    if (kept) localStorage.setItem(this.key(upload), JSON.stringify({ ...kept, safe: upload.safe }));
  }

  /** @param {Upload} upload */
  drop(upload) {
    try {
      localStorage.removeItem(this.key(upload));
    } catch {
      return;
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
    /** @type {Kept[]} */
    const list = [];
    try {
      for (const key of Object.keys(localStorage)) {
        const kept = key.startsWith(this.prefix) && !held?.has(key) && this.read(key);
        if (kept) list.push(kept);
      }
    } catch {
      return [];
    }
    return list;
  }

  /** The file by its handle, if the browser kept one. @param {Upload} upload @param {boolean} ask @returns {Promise<File | null>} */
  async reopen(upload, ask) {
    const handle = await this.handles((store) => store.get(this.key(upload))).catch(() => null);
    if (!handle) return null;
    const permission = await (ask ? handle.requestPermission() : handle.queryPermission());
    upload.handle = handle;
    return permission === 'granted' ? handle.getFile() : null;
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
