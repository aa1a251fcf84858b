/** @import {Cause, Diagnosis, Plan, Seen, StoreFailure} from './types.d.ts' */
/** @import {Messages} from './messages.js' */
/** @import {Transfer} from './transfer.js' */
/** @import {Upload} from './upload.js' */
import { RequestError } from './core.js';

const PATIENCE = 5000; // ms that each question may take
/** Causes that another try can't change. */
const PERMANENT = /^(csp_blocked|mixed_content|cors_|clock_wrong|form_expired|store_credentials)/;

/** Whether a host is this machine or in a private network, by its name. @param {string} host */
const isPrivate = (host) => /^(localhost|127\.|10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|169\.254\.|\[(::1\]|f[cd]|fe80))|\.(local|localhost|internal|home\.arpa)$/.test(host);

/**
 * Asks the store for an answer that needs no permission and can't be read. What the page's own policy forbids is told at once, by an event.
 * @param {string} url @returns {Promise<{reached: boolean, directive?: string}>}
 */
async function probe(url) {
  let directive;
  const note = (/** @type {SecurityPolicyViolationEvent} */ { disposition, blockedURI, effectiveDirective }) => {
    if (disposition === 'enforce' && blockedURI.startsWith(new URL(url).origin)) directive = effectiveDirective;
  };
  document.addEventListener('securitypolicyviolation', note);
  const reached = await fetch(url, { method: 'HEAD', mode: 'no-cors', credentials: 'omit', cache: 'no-store', signal: AbortSignal.timeout(PATIENCE) }).then(() => true, () => false);
  if (!reached) await new Promise((resolve) => setTimeout(resolve, 50)); // the event may come later
  document.removeEventListener('securitypolicyviolation', note);
  return { reached, directive };
}

/** Whether the store answers a body of a few bytes, by a status below 500 that can be read. Firefox and Safari show an answer that comes before a large body was read as a broken connection. Without a signature no store keeps it. @param {string} url */
const takesSmaller = (url) => fetch(url, { method: 'POST', body: 'postern', credentials: 'omit', cache: 'no-store', signal: AbortSignal.timeout(PATIENCE) }).then(({ status }) => status < 500, () => false);

/** @param {string} code @param {string} [fix] @returns {Cause} */
const result = (code, fix = '') => ({ code, fix, permanent: PERMANENT.test(code) });

/**
 * Finds out why a request to the store failed. null: the store can be reached again, or nothing is known yet: only three answers to smaller requests say something.
 * @param {string} address of the request
 * @param {Seen} seen
 * @param {(seen: Seen) => Promise<{code: string, fix?: string}>} ask asks our own server; rejects when it gives no answer of its own
 * @returns {Promise<Cause | null>}
 */
async function diagnose(address, seen, ask) {
  const { origin, protocol, hostname, pathname } = new URL(address);
  if (!navigator.onLine) return result('offline');
  const url = origin + pathname; // without the query, where the signature is
  const { reached, directive } = seen.status ? { reached: true, directive: '' } : await probe(url);
  if (directive) return result('csp_blocked', `Content-Security-Policy: ${directive} ${origin}`);
  if (!reached && location.protocol === 'https:' && protocol === 'http:' && !/^(localhost|127\.|\[::1)|\.localhost$/.test(hostname)) return result('mixed_content', origin.replace('http', 'https'));
  seen.smaller = !seen.status && reached && await takesSmaller(url) ? seen.smaller + 1 : 0;
  let answer;
  try {
    answer = await ask({ ...seen, reached });
  } catch (error) { // our own server isn't reached either, or answers no more of this upload
    return reached || /** @type {any} */ (error).status ? null : result('offline');
  }
  const { code, fix } = answer;
  if (!reached && code !== 'unknown_cause' && (await probe(url)).reached) return null;
  if (code === 'blocked_here' && isPrivate(hostname) && !isPrivate(location.hostname)) return result('local_network', origin);
  if (code !== 'unknown_cause') return result(code, fix);
  const { status, failures, sent, smaller } = seen;
  return failures < 3 || (smaller > 0 && smaller < 3) ? null : result(code, `${code} store=${origin} status=${status} reached=${reached} sent=${sent} failures=${failures} smaller=${smaller}`);
}

/** What the row of an upload shows of a cause, until a part is stored or the upload begins anew. @implements {Diagnosis} */
class Shown {
  #upload; #cause; #stored; #controller;

  /** @param {Upload} upload @param {Cause} cause */
  constructor(upload, cause) {
    this.#upload = upload;
    this.#cause = cause;
    this.#stored = upload.storedBytes;
    this.#controller = upload.controller;
  }

  get shown() {
    const { state, storedBytes, controller } = this.#upload;
    return storedBytes === this.#stored && controller === this.#controller && /offline|retrying|failed/.test(state) ? this.#cause.code : '';
  }

  /** @param {HTMLElement} row @param {Messages} messages */
  show(row, messages) {
    const fix = (row.dataset.cause = this.shown) && this.#cause.fix;
    const old = row.querySelector('.postern-fix');
    if ((old?.lastChild?.textContent ?? '') === fix) return;
    old?.remove();
    if (!fix) return;
    const box = Object.assign(document.createElement('details'), { className: 'postern-fix' });
    box.append(Object.assign(document.createElement('summary'), { textContent: messages.text('upload.fix') }), Object.assign(document.createElement('pre'), { textContent: fix }));
    row.append(box);
  }
}

/** What is known of the failures of one transfer. */
class Search {
  /** Requests without an answer and refused ones since a part was stored, those with an answer to a smaller one after them, when the first failed, and how much was stored. */
  #failed = { lost: 0, refused: 0, smaller: 0, since: 0, stored: 0 };
  /** @type {StoreFailure | null} */ #last = null;
  /** What ended requests to the store. */ #errors = new WeakSet();
  /** @type {Promise<void> | null} */ #running = null;
  /** @type {Cause | null} */ #cause = null;
  #signedAgain = false; #transfer;
  /** @param {Transfer} transfer */
  constructor(transfer) { this.#transfer = transfer; }

  /** @param {Plan | null} plan @param {StoreFailure | {error: any}} failure */
  note(plan, failure) {
    const { upload, signal } = this.#transfer;
    const ofStore = 'url' in failure;
    if (ofStore) {
      const { since, stored } = this.#failed;
      if (!since || upload.storedBytes !== stored) this.#failed = { lost: 0, refused: 0, smaller: 0, since: Date.now(), stored: upload.storedBytes };
      this.#failed[failure.error.status ? 'refused' : 'lost']++;
      this.#errors.add((this.#last = failure).error);
    }
    const [last, status] = [this.#last, this.#last?.error.status];
    // Completing finds out whether a whole file has arrived all the same.
    const waits = ofStore ? !status && failure.whole : !/incomplete|unavailable/.test(failure.error.code);
    if (!plan || !last || this.#running || signal?.aborted || waits || (status && this.#failed.refused < 2)) return;
    this.#running = this.#find(plan, last).catch(() => {}).finally(() => { this.#running = null; });
  }

  /** @param {Plan} plan @param {StoreFailure} failure */
  async #find({ id, token }, { error: { status, code }, url, preflight, sent }) {
    const transfer = this.#transfer;
    const { upload, signal } = transfer;
    const [failed, { stored, since, lost, refused, smaller }] = [this.#failed, this.#failed];
    const seen = { status, code: status ? code : '', preflight, reached: false, sent, failures: status ? refused : lost, failing: 0, withoutETag: false, smaller };
    const headers = { 'Upload-Token': token, 'Content-Type': 'application/json' };
    const found = await diagnose(url, seen, (all) => transfer.call('POST', `/${id}/diagnosis`, { seen: { ...all, failing: Date.now() - since } }, { headers, stall: PATIENCE + 1000 }));
    failed.smaller = seen.smaller;
    // A part that was stored meanwhile says more.
    if (signal.aborted || stored !== upload.storedBytes) return;
    upload.diagnosis = new Shown(upload, (this.#cause = found) ?? result(''));
    upload.onChange(upload);
    if (!found?.permanent) return;
    transfer.hopeless = new RequestError(400, found.code);
    upload.retryNow?.();
  }

  /** What an error that ends all tries comes to. A form that has expired is signed again, once. @param {any} error */
  async verdict(error) {
    const transfer = this.#transfer;
    if (transfer.signal.aborted || !(this.#errors.has(error) || error === transfer.hopeless || error.code === 'incomplete')) return error;
    await this.#running;
    const cause = this.#cause;
    this.#signedAgain ||= this.#failed.refused > 1;
    if (cause?.code === 'form_expired' && !this.#signedAgain) {
      this.#signedAgain = error.needsNewPlan = true;
      this.#cause = transfer.hopeless = null;
      transfer.upload.diagnosis = new Shown(transfer.upload, result(''));
      return error;
    }
    return cause && (cause.permanent || (!error.status && cause.code !== 'offline')) ? new RequestError(400, cause.code) : error;
  }
}

const searches = /** @type {WeakMap<Transfer, Search>} */ (new WeakMap());
/**
 * Notes that a request to the store failed, and finds out why. Returns a function that tells what an error comes to.
 * @param {Transfer} transfer @param {Plan | null} plan
 * @param {StoreFailure | {error: any}} failure of the store, or of completing
 */
export function findCause(transfer, plan, failure) {
  const search = searches.get(transfer) ?? new Search(transfer);
  searches.set(transfer, search);
  search.note(plan, failure);
  return (/** @type {any} */ error) => search.verdict(error);
}
