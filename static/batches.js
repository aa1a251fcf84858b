/** @import {Plan, Stored} from './types.d.ts' */
/** @import {Queue} from './queue.js' */
/** @import {Upload} from './upload.js' */
import { callAPI, withTicket } from './owner.js';
import { lastRate } from './rate.js';
import { RequestError } from './request.js';
import { Slots } from './slots.js';

/** The most files that one request may have. */
const MOST = 100;
/** Plans are asked for ahead when fewer than that are left. */
const FEW = 40;
/** So many files are completed at once, or as many as there are after that many ms, or when no other will be sent. */
const [MANY, PATIENCE] = [50, 500];

/** @typedef {{upload?: Plan, completed?: Stored, problem?: {status: number, code: string, retryAfter?: number}}} Outcome */

/** @param {Outcome['problem']} problem of one file */
const refusal = ({ status, code, retryAfter = 0 } = { status: 0, code: '' }) => new RequestError(status, code, retryAfter * 1000);

/** When an upload token ends, in ms by this machine's clock: clocks differ, so only the span counts. @param {Plan} plan */
function endOf({ token }) {
  const { iat, exp } = JSON.parse(atob(token.split('.')[1].replace(/-/g, '+').replace(/_/g, '/')));
  return Date.now() + (exp - iat) * 1000;
}

/** The API calls that small files of a queue have in common: one call for many files, ahead of need. */
export class Batches {
  /** Plans that were asked for. @type {Map<Upload, Promise<Plan>>} */
  #asked = new Map();
  /** Uploads whose plan is needed now. @type {Upload[]} */
  #wanted = [];
  /** @type {{plan: Plan, resolve: (stored: Stored) => void, reject: (error: unknown) => void}[]} */
  #complete = [];
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #timer; #queue;

  /** @param {Queue} queue */
  constructor(queue) {
    this.#queue = queue;
    /** For files that are sent whole. */
    this.slots = new Slots(queue.options.concurrency);
  }

  /** The plan of an upload. @param {Upload} upload @returns {Promise<Plan>} */
  async issue(upload) {
    if (!upload.plan && !this.#asked.has(upload)) {
      this.#wanted.push(upload);
      // Those that start at the same time are asked for together.
      await null;
      if (this.#wanted.includes(upload)) this.#ask();
    }
    try {
      return upload.plan ?? (await /** @type {Promise<Plan>} */ (this.#asked.get(upload)));
    } finally {
      this.#asked.delete(upload);
    }
  }

  /** Small files that need a plan, and no earlier one is saved of. */
  #unplanned() {
    const { saved, turns: { active, waiting } } = this.#queue;
    const keys = saved.keys();
    return [...active, ...waiting].filter((upload) => upload.small && /waiting|preparing/.test(upload.state) && upload.file && !upload.plan && !this.#asked.has(upload)
      && !keys.some((key) => key.endsWith(saved.file(upload).slice(7))));
  }

  /** Asks for further plans if few are left. */
  ahead() {
    let ready = this.#asked.size;
    for (const { plan } of this.#queue.turns.waiting) if (ready >= FEW || (plan && ++ready >= FEW)) return;
    if (ready < FEW && this.#unplanned().length) this.#ask();
  }

  #ask() {
    const asked = this.#asked;
    const wanted = this.#wanted.splice(0, MOST);
    const uploads = wanted.every((upload) => upload.small) ? [...new Set([...wanted, ...this.#unplanned()])].slice(0, MOST) : wanted;
    const outcomes = this.#issue(uploads);
    uploads.forEach((upload, i) => {
      const plan = outcomes.then((all) => this.#accept(upload, all[i]));
      asked.set(upload, plan);
      plan.then(() => asked.delete(upload), ({ retryable }) => retryable && this.#forget(upload));
    });
    outcomes.catch(() => uploads.forEach((upload) => this.#forget(upload)));
  }

  /** Has the plan of a file asked for again when its turn comes. A refusal of the file alone is kept until then. @param {Upload} upload */
  #forget(upload) {
    if (/waiting|removed/.test(upload.state)) this.#asked.delete(upload);
  }

  /** @param {Upload[]} uploads @returns {Promise<Outcome[]>} */
  async #issue(uploads) {
    const { options } = this.#queue;
    const { profile, metadata } = options;
    const files = await Promise.all(uploads.map(async (upload) => ({ filename: upload.name, type: upload.file?.type, size: upload.size, metadata: await metadata?.(upload) })));
    const one = files.length === 1;
    const body = { profile, rate: lastRate() || undefined, ...(one ? files[0] : { files }) };
    const answer = await withTicket(options, (headers) => callAPI(options, 'POST', one ? '' : '/batch', body, { headers }));
    return one ? [{ upload: answer }] : answer.uploads;
  }

  /** @param {Upload} upload @param {Outcome} outcome */
  #accept(upload, { upload: plan, problem }) {
    if (!plan) throw refusal(problem);
    upload.owner = this.#queue.saved.owner.of(plan);
    upload.signed = plan.multipart?.signed ?? null;
    delete plan.multipart?.signed;
    upload.plan = { ...plan, ends: endOf(plan) };
    return upload.plan;
  }

  /** Completes an upload, together with others. @param {Upload} upload @param {Plan} plan @returns {Promise<Stored>} */
  complete(upload, plan) {
    return new Promise((resolve, reject) => {
      const gathered = this.#complete.push({ plan, resolve, reject });
      if (gathered >= MANY || !upload.small || !this.#queue.turns.smallToCome) this.#flush();
      else this.#timer ??= setTimeout(() => this.#flush(), PATIENCE);
    });
  }

  async #flush() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const gathered = this.#complete.splice(0, MOST);
    try {
      const outcomes = await this.#completeAll(gathered.map(({ plan: { id, token } }) => ({ id, token })));
      gathered.forEach(({ resolve, reject }, i) => {
        const { completed, problem } = outcomes[i];
        if (completed) resolve(completed);
        else reject(refusal(problem));
      });
    } catch (error) {
      gathered.forEach(({ reject }) => reject(error));
    }
  }

  /**
   * Completing takes as long as the store needs: after each stall the request goes on if the server can be reached otherwise. A connection
   * that breaks ends it at once.
   * @param {{id: string, token: string}[]} uploads @returns {Promise<Outcome[]>}
   */
  async #completeAll(uploads) {
    const { options } = this.#queue;
    const { endpoint, stall } = options;
    // Any answer will do, also from another origin. Without credentials, browsers don't queue it behind uploads.
    const checkServer = () => fetch(`${endpoint}/healthz`, { mode: 'no-cors', credentials: 'omit', signal: AbortSignal.timeout(stall) });
    if (uploads.length > 1) return (await callAPI(options, 'POST', '/complete', { uploads }, { checkServer })).uploads;
    const [{ id, token }] = uploads;
    return [{ completed: await callAPI(options, 'POST', `/${id}/complete`, {}, { headers: { 'Upload-Token': token }, checkServer }) }];
  }
}
