/** @import {Host, Plan, Request} from './types.d.ts' */
/** @import {Upload} from './upload.js' */
/** @import {Memory} from './memory.js' */
import { Multipart } from './multipart.js';
import { Fault, Patience, delay, send } from './request.js';

/** Above this, progress is worth the preflight that watching it costs. */
const WATCHED = 256 << 10;
/** The plan is over: ask for another one. */
const GONE = /unknown_upload|upload_expired|NoSuchUpload/;

/** Takes one file from its plan to the store's confirmation. */
export class Transfer extends Patience {
  /** @param {Upload} upload @param {Host} host @param {Memory} memory @param {AbortSignal} signal */
  constructor(upload, host, memory, signal) {
    super(upload, signal);
    this.host = host;
    this.memory = memory;
    this.file = /** @type {File} */ (upload.file);
  }

  async run() {
    const { upload, memory } = this;
    let plan = upload.plan ?? (await memory.find(upload));
    for (let fresh = 0; ; fresh++) {
      const given = plan !== null;
      try {
        plan ??= await this.insist(() => this.#issue());
        upload.plan = plan;
        if (plan.multipart) await memory.keep(upload);
        await this.#deliver(plan, given);
        memory.drop(upload);
        return;
      } catch (error) {
        const { code, stale, status } = /** @type {Fault} */ (error);
        if (fresh > 2 || !(stale || GONE.test(code) || (given && status === 401))) throw error;
        memory.drop(upload);
        plan = upload.plan = null;
        upload.count(0, 0);
      }
    }
  }

  /** @returns {Promise<Plan>} */
  async #issue(renew = false) {
    const { host, upload, file } = this;
    const ticket = await host.ticket(renew);
    try {
      return await this.call('POST', '', {
        profile: host.profile,
        filename: upload.name,
        type: file.type,
        size: file.size,
      }, { headers: ticket ? { Authorization: `Bearer ${ticket}` } : {} });
    } catch (error) {
      if (!renew && ticket && /** @type {Fault} */ (error).status === 401) return this.#issue(true);
      throw error;
    }
  }

  /** @param {Plan} plan @param {boolean} given whether it is from before */
  async #deliver(plan, given) {
    for (let round = 0; ; round++) {
      this.show('preparing');
      if (plan.multipart) await new Multipart(this, plan.id, plan.multipart).run(given || round > 0);
      else await this.insist((tries) => this.#whole(plan, tries));
      this.show('confirming');
      try {
        this.upload.stored = await this.insist(() => this.#complete(plan));
        return;
      } catch (error) {
        if (/** @type {Fault} */ (error).code !== 'incomplete' || round > 8) throw error;
      }
      // The store hasn't got the form's file: its request was cut. Parts that the store lost say nothing about the network.
      await this.wait(delay(round, 0), !plan.multipart);
    }
  }

  /**
   * Has the upload completed. That takes as long as the store needs, so there is no stall; the request is given up, to be made again,
   * only when the server can't be reached. A connection that breaks ends it by itself.
   * @param {Plan} plan
   */
  async #complete({ id }) {
    const { host, signal } = this;
    const lost = new AbortController();
    const reach = () => fetch(`${host.endpoint}/healthz`, {
      // Any answer will do, from another origin too; without credentials the browser takes a connection that no upload is using.
      mode: 'no-cors', credentials: 'omit', cache: 'no-store', signal: AbortSignal.timeout(host.stall),
    }).catch(() => lost.abort(new Fault(0, '')));
    const timer = setInterval(reach, host.stall);
    try {
      return await this.call('POST', `/${id}/complete`, {}, { stall: 0, signal: AbortSignal.any([signal, lost.signal]) });
    } finally {
      clearInterval(timer);
    }
  }

  /** A file in one request, by form or by PUT. @param {Plan} plan @param {number} tries */
  async #whole(plan, tries) {
    const { file, signal, host, upload } = this;
    /** @type {FormData | File} */
    let body = file;
    if (plan.post) {
      body = new FormData();
      for (const field of plan.post.fields) body.append(field.name, field.value);
      body.append('file', file);
    }
    this.show('sending');
    try {
      await send({
        method: plan.method.toUpperCase(),
        url: (plan.post ?? plan.put)?.url ?? '',
        headers: plan.put?.headers,
        body,
        signal,
        progress: file.size > WATCHED ? (bytes) => upload.count(0, Math.min(bytes, file.size)) : undefined,
        stall: host.stall * 2 ** tries,
      });
    } catch (error) {
      upload.count(0, 0);
      // No answer can mean stored, refused early, or lost on the way: completing tells.
      const fault = /** @type {Fault} */ (error);
      if (fault.status === 0) return this.probe();
      fault.stale = fault.status === 403;
      throw fault;
    }
    upload.count(file.size, 0);
  }

  /**
   * Calls the JSON API, with the upload token once there is one.
   * @param {string} method @param {string} path @param {object | null} [body]
   * @param {Partial<Request>} [options] headers in place of the token's, and what else differs
   */
  async call(method, path, body, { headers, ...rest } = {}) {
    const json = body && JSON.stringify(body);
    const token = this.upload.plan && { 'Upload-Token': this.upload.plan.token };
    const xhr = await send({
      method,
      url: `${this.host.endpoint}/uploads${path}`,
      headers: { ...(json && { 'Content-Type': 'application/json' }), ...(headers ?? token) },
      body: json,
      signal: this.signal,
      stall: this.host.stall,
      ...rest,
    });
    return xhr.responseText && JSON.parse(xhr.responseText);
  }
}
