/** @import {Request} from './types.d.ts' */

/** A request that didn't do what it should. Status 0: no answer could be read. */
export class Fault extends Error {
  /**
   * @param {number} status
   * @param {string} code the API's or the store's
   * @param {number} [after] ms to wait, as the answer asks for
   * @param {number[]} [missing] part numbers
   */
  constructor(status, code, after = 0, missing = []) {
    super(`${code} (${status})`);
    this.status = status;
    this.code = code;
    this.after = after;
    this.missing = missing;
    this.again = !status || status === 408 || status >= 500 || (status === 429 && after < 3e5);
  }
}

/** @param {XMLHttpRequest} xhr */
function fault(xhr) {
  const text = xhr.responseText;
  const wait = xhr.getResponseHeader('retry-after') ?? '0';
  const after = /^\d+$/.test(wait) ? +wait * 1000 : Math.max(0, Date.parse(wait) - Date.now()) || 0;
  if (text.startsWith('{')) {
    const problem = JSON.parse(text);
    return new Fault(xhr.status, problem.code, after, problem.missing);
  }
  return new Fault(xhr.status, /<Code>(\w+)/.exec(text)?.[1] ?? '', after);
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
    const alive = () => {
      clearTimeout(timer);
      timer = setTimeout(() => xhr.abort(), stall);
    };
    const stop = () => xhr.abort();
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
      else if (xhr.status >= 200 && xhr.status < 300) resolve(xhr);
      else reject(fault(xhr));
    };
    signal?.addEventListener('abort', stop);
    alive();
    xhr.send(body);
    if (signal?.aborted) stop();
  });
}

/** Full jitter on the upper half, so that many lanes don't come back together. @param {number} tries @param {number} after */
export function delay(tries, after) {
  return Math.max(after, Math.min(30000, 500 * 2 ** tries) * (0.5 + Math.random() / 2));
}
