/** @import {Plan, QueueOptions, Request} from './types.d.ts' */
/** @import {RequestError} from './request.js' */
import { RATE } from './rate.js';
import { backoff, send } from './request.js';

/**
 * Where a tab keeps the mark of its guest: a reload finds it again, a new tab doesn't. Browsers copy it into a duplicate of the tab, which
 * shows nothing that the tab beside it doesn't show.
 */
const GUEST = 'postern guest';

const newGuest = () => `guest-${crypto.getRandomValues(new Uint32Array(4)).join()}`;

/** Calls the JSON API. @param {{endpoint: string, stall: number}} options @param {string} method @param {string} path @param {object | null} [body] @param {Partial<Request>} [request] */
export async function callAPI({ endpoint, stall }, method, path, body, { headers, ...request } = {}) {
  const json = body && JSON.stringify(body);
  const all = { ...(json && { 'Content-Type': 'application/json' }), ...headers };
  const { responseText } = await send({ method, url: `${endpoint}/uploads${path}`, headers: all, body: json, stall, ...request });
  return responseText && JSON.parse(responseText);
}

/**
 * Sends a request with the visitor's ticket, and once more with another one if that is refused.
 * @template T @param {QueueOptions} options @param {(headers: Record<string, string>) => Promise<T>} request @param {boolean} [renew] @returns {Promise<T>}
 */
export async function withTicket(options, request, renew = false) {
  const ticket = await options.ticket(renew);
  try {
    return await request(ticket ? { Authorization: `Bearer ${ticket}` } : {});
  } catch (error) {
    const failure = /** @type {RequestError} */ (error);
    if (failure.status !== 401) throw failure;
    if (ticket && !renew) return withTicket(options, request, true);
    failure.code = `ticket_${!ticket ? 'missing' : failure.reason === 'expired' ? failure.reason : 'refused'}`;
    console.error(`postern: ${failure.code}`, failure.reason);
    throw failure;
  }
}

/** Who uses the page, by opaque marks: the server's, or for guests one of the tab. What the browser keeps is only for who has the same. */
export class Owner {
  /** Empty until they are known. @type {string[]} */
  marks = [];
  /** @type {Promise<string[]> | null} */ #asked = null;
  #newGuest = newGuest();
  #options; #onChange;

  /** @param {QueueOptions} options @param {() => void} onChange called when a plan was issued to somebody new */
  constructor(options, onChange) {
    this.#options = options;
    this.#onChange = onChange;
  }

  /** The mark of a guest; where nothing can be stored, another one after each reload. @returns {string} */
  get guest() {
    try {
      return (sessionStorage[GUEST] ??= this.#newGuest);
    } catch {
      return this.#newGuest;
    }
  }

  /** The marks. The server is asked once, and only where there is a ticket or the page doesn't say whose it is. @returns {Promise<string[]>} */
  async ask() {
    const asked = (this.#asked ??= this.#request());
    try {
      const marks = await asked;
      return asked === this.#asked ? (this.marks = marks) : this.ask();
    } catch (error) {
      if (asked === this.#asked) this.#asked = null;
      throw error;
    }
  }

  async #request() {
    const options = this.#options;
    const marks = await withTicket(options, async (headers) => {
      const ofPage = headers.Authorization ? [] : options.owners();
      if (ofPage.length) return ofPage;
      const { responseText } = await send({ method: 'GET', url: `${options.endpoint}/uploads/owner`, headers, stall: options.stall });
      return JSON.parse(responseText).owners;
    });
    return marks.length ? marks : [this.guest];
  }

  /** The marks, however long it takes to learn them; null if the server doesn't tell them. */
  async settle() {
    for (let tries = 0; ; tries++) {
      try {
        return await this.ask();
      } catch (error) {
        const { retryable, retryAfter } = /** @type {RequestError} */ (error);
        if (!retryable) return null;
        await new Promise((resolve) => setTimeout(resolve, backoff(tries, retryAfter)));
      }
    }
  }

  /** The mark of whom a plan was issued to. @param {Plan} plan */
  of({ owner }) {
    const mark = owner || this.guest;
    const { marks } = this;
    if (!marks.includes(mark)) {
      this.reset([mark]);
      if (marks.length) this.#onChange();
    }
    return mark;
  }

  /** Has the server asked again: somebody else may use the page now. @param {string[]} [marks] that are known already */
  reset(marks = []) {
    this.#asked = null;
    this.marks = marks;
  }

  /** Makes the next guest of this tab another one. */
  forget() {
    this.reset();
    this.#newGuest = newGuest();
    try {
      sessionStorage.removeItem(GUEST);
      localStorage.removeItem(RATE);
    } catch {
      // There is no storage, and nothing in it.
    }
  }
}
