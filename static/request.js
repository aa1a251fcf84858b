/** @import {Request, State} from './types.d.ts' */
/** @import {Upload} from './upload.js' */

/** A failed request. Status 0: there was no answer, or none that may be read. */
export class RequestError extends Error {
  /**
   * @param {number} status
   * @param {string} code of the API or of the store
   * @param {number} [retryAfter] ms to wait, as the answer asks for
   * @param {string} [reason] why a ticket is refused
   */
  constructor(status, code, retryAfter = 0, reason = '') {
    super(code);
    this.status = status;
    this.reason = reason;
    this.code = code || (status ? `http_${status}` : 'network');
    this.retryAfter = retryAfter;
    /** Whether the request may succeed with another plan. */
    this.needsNewPlan = false;
    this.retryable = !status || status === 408 || status >= 500 || (status === 429 && retryAfter < 3e5);
  }
}

/** @param {XMLHttpRequest} xhr */
function errorFrom(xhr) {
  const wait = xhr.getResponseHeader('retry-after') ?? '';
  const retryAfter = +wait * 1000 || Date.parse(wait) - Date.now() || 0;
  // The API's errors are JSON, the store's are XML.
  const find = (/** @type {RegExp} */ pattern) => pattern.exec(xhr.responseText)?.[1] ?? '';
  return new RequestError(xhr.status, find(/(?:"code":\s*"|<Code>)(\w+)/), retryAfter, find(/"reason":\s*"([^"]+)/));
}

/**
 * Sends one request. A progress listener makes the browser send a preflight, so small bodies go without.
 * @param {Request} request
 * @returns {Promise<XMLHttpRequest>}
 */
export function send({ method, url, headers = {}, body = null, signal, onProgress, stall, checkServer }) {
  return new Promise((resolve, reject) => {
    const xhr = new XMLHttpRequest();
    /** @type {ReturnType<typeof setTimeout>} */
    let timer;
    const abort = () => xhr.abort();
    const restartTimer = () => {
      clearTimeout(timer);
      // Not after the end, which may come while the server is checked.
      if (xhr.readyState % 4) timer = setTimeout(checkServer ? () => checkServer().then(restartTimer, abort) : abort, stall);
    };
    xhr.open(method, url);
    for (const name in headers) xhr.setRequestHeader(name, headers[name] ?? '');
    if (onProgress) {
      xhr.upload.onprogress = (event) => {
        restartTimer();
        onProgress(event.loaded);
      };
    }
    xhr.onloadend = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      if (signal?.aborted) reject(signal.reason);
      else if (xhr.status && xhr.status < 300) resolve(xhr);
      else reject(errorFrom(xhr));
    };
    signal?.addEventListener('abort', abort);
    restartTimer();
    xhr.send(body);
    if (signal?.aborted) abort();
  });
}

/** Ms until the next try: exponential, and random so that not all clients come back at once. @param {number} tries @param {number} retryAfter */
export function backoff(tries, retryAfter) {
  return retryAfter + Math.min(30000, 500 * 2 ** tries) * (0.5 + Math.random() / 2);
}

/** How often a request is repeated before the file has failed: that takes about three minutes. */
const MAX_RETRIES = 11;

/** Repeats the requests of one upload while that makes sense, and shows in the upload's state what it waits for. */
export class Retrier {
  /** @type {State} */
  #phase = 'preparing';
  #running = 0;
  #networkLost = false;
  /** Set by diagnosis.js when no try can succeed. @type {RequestError | null} */
  hopeless = null;
  /** Each ends one wait. @type {Set<() => void>} */
  #waits = new Set();

  /** @param {Upload} upload @param {AbortSignal} signal */
  constructor(upload, signal) {
    this.upload = upload;
    this.signal = signal;
    upload.retryNow = () => this.#waits.forEach((end) => end());
  }

  /** Shows the phase that the upload is in, or what it waits for when no request is running. @param {State} [phase] */
  show(phase = this.#phase) {
    this.#phase = phase;
    if (this.signal.aborted) return;
    const waiting = this.#waits.size && !this.#running;
    const state = !waiting ? phase : this.#networkLost ? 'offline' : 'retrying';
    if (state !== this.upload.state) this.upload.move(state);
  }

  /**
   * Of parallel requests that fail, the first is repeated soon. The others wait much longer, or until one that had failed succeeds, so
   * that a store in trouble isn't asked by all of them at once.
   * @template T @param {(tries: number) => Promise<T>} work @returns {Promise<T>}
   */
  async retry(work) {
    for (let tries = 0; ; tries++) {
      this.signal.throwIfAborted();
      if (this.hopeless) throw this.hopeless;
      this.#running++;
      this.show();
      /** @type {RequestError} */
      let failure;
      try {
        const result = await work(tries);
        if (tries) this.upload.retryNow?.();
        return result;
      } catch (error) {
        failure = /** @type {RequestError} */ (error);
        if (!failure.retryable || tries === MAX_RETRIES || this.signal.aborted) throw error;
        if (!failure.status) await this.checkFile();
      } finally {
        this.#running--;
      }
      await this.wait(backoff(this.#waits.size ? tries + 3 : tries, failure.retryAfter), !failure.status);
    }
  }

  /**
   * A file that was moved or changed ends a request in the same way as a broken connection does, makes it hang, or is sent as it is now.
   * Firefox notices a change only where bytes are missing: then the last one is.
   */
  async checkFile() {
    const { file } = this.upload;
    const last = await file?.slice(-1).arrayBuffer().catch(() => null);
    if (file && last?.byteLength !== Math.min(1, file.size)) throw new RequestError(400, 'unreadable');
  }

  /** Waits some ms; without any network, until there is one. @param {number} ms @param {boolean} networkLost */
  async wait(ms, networkLost) {
    const { signal, upload } = this;
    this.#networkLost = networkLost;
    upload.retryAt = Date.now() + ms;
    await new Promise((/** @type {(value: void) => void} */ resolve) => {
      const timer = navigator.onLine ? setTimeout(() => end(), ms) : 0;
      const end = () => {
        clearTimeout(timer);
        this.#waits.delete(end);
        removeEventListener('online', end);
        signal.removeEventListener('abort', end);
        resolve();
      };
      this.#waits.add(end);
      addEventListener('online', end);
      signal.addEventListener('abort', end);
      this.show();
    });
  }
}
