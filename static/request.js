/** @import {Request, State} from './types.d.ts' */
/** @import {Upload} from './upload.js' */

/** A request that didn't do what it should. Status 0: no answer could be read. */
export class Fault extends Error {
  /**
   * @param {number} status
   * @param {string} code the API's or the store's
   * @param {number} [after] ms to wait, as the answer asks for
   */
  constructor(status, code, after = 0) {
    super(code);
    this.status = status;
    this.code = code || (status ? `http_${status}` : 'network');
    this.after = after;
    /** Whether another plan may do better. */
    this.stale = false;
    this.again = !status || status === 408 || status >= 500 || (status === 429 && after < 3e5);
  }
}

/** @param {XMLHttpRequest} xhr */
function fault(xhr) {
  const wait = xhr.getResponseHeader('retry-after') ?? '';
  const after = +wait * 1000 || Date.parse(wait) - Date.now() || 0;
  // The API's problems are JSON, the store's errors XML.
  return new Fault(xhr.status, /(?:"code":\s*"|<Code>)(\w+)/.exec(xhr.responseText)?.[1] ?? '', after);
}

/**
 * One request. A progress listener costs a preflight, so small bodies go without.
 * @param {Request} request
 * @returns {Promise<XMLHttpRequest>}
 */
export function send({ method, url, headers = {}, body = null, signal, progress, stall = 30000 }) {
  return new Promise((resolve, reject) => {
    const xhr = new XMLHttpRequest();
    /** @type {ReturnType<typeof setTimeout>} */
    let timer;
    const stop = () => xhr.abort();
    const alive = () => {
      clearTimeout(timer);
      if (stall) timer = setTimeout(stop, stall);
    };
    xhr.open(method, url);
    for (const name in headers) xhr.setRequestHeader(name, headers[name] ?? '');
    if (progress) {
      xhr.upload.onprogress = (event) => {
        alive();
        progress(event.loaded);
      };
    }
    xhr.onloadend = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', stop);
      if (signal?.aborted) reject(signal.reason);
      else if (xhr.status && xhr.status < 300) resolve(xhr);
      else reject(fault(xhr));
    };
    signal?.addEventListener('abort', stop);
    alive();
    xhr.send(body);
    if (signal?.aborted) stop();
  });
}

/** Never as long as anybody else waits, so that not all come back together. @param {number} tries @param {number} after what was asked for */
export function delay(tries, after) {
  return after + Math.min(30000, 500 * 2 ** tries) * (0.5 + Math.random() / 2);
}

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

  /**
   * Of all lanes that fail, the first tries again soon, and the others much later, or once anything works again that failed: a store in
   * trouble isn't asked by each of them whether it still is.
   * @template T @param {(tries: number) => Promise<T>} work @returns {Promise<T>}
   */
  async insist(work) {
    for (let tries = 0; ; tries++) {
      this.signal.throwIfAborted();
      this.flying++;
      this.show();
      /** @type {Fault} */
      let fault;
      try {
        const result = await work(tries);
        if (tries) this.upload.wake?.();
        return result;
      } catch (error) {
        fault = /** @type {Fault} */ (error);
        if (!fault.again || tries === LIMIT) throw error;
        if (!fault.status) await this.probe();
      } finally {
        this.flying--;
      }
      await this.wait(delay(this.waits.size ? tries + 3 : tries, fault.after), !fault.status);
    }
  }

  /** A file that was moved or changed ends a request just as a cut line does. */
  async probe() {
    await this.upload.file?.slice(0, 1).arrayBuffer().catch(() => { throw new Fault(400, 'unreadable'); });
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
