/** @import {PartLayout, Plan, Request, StoreFailure} from './types.d.ts' */
/** @import {Queue} from './queue.js' */
/** @import {Upload} from './upload.js' */
import { loadMultipart, prepareLarge } from './large-files.js';
import { callAPI } from './owner.js';
import { RequestError, Retrier, backoff, send } from './request.js';

/** Codes that say that the upload is over at the server or the store: another plan is needed. */
const PLAN_ENDED = /unknown_upload|upload_expired|NoSuchUpload/;

/** Ms within which a small file is sent where it does no harm that further ones wait in the browser: each waits for as long as it stalls at most. */
const QUICK = 500;

/** Takes one file from its plan to the store's confirmation. */
export class Transfer extends Retrier {
  /** Called when the file was sent, and before it is completed. */
  onSent = () => {};
  /** Settled when the plan is saved, which has to be before a part is sent. @type {Promise<void> | undefined} */
  saving;

  /** @param {Upload} upload @param {Queue} queue @param {AbortSignal} signal */
  constructor(upload, queue, signal) {
    super(upload, signal);
    this.options = queue.options;
    this.saved = queue.saved;
    this.file = /** @type {File} */ (upload.file);
    this.batches = queue.batches;
  }

  async run() {
    const { upload, saved } = this;
    if (upload.small) this.batches.ahead();
    prepareLarge(upload.size, this.options.checksum);
    let plan = upload.plan ?? (await this.retry(() => saved.findPlan(upload))) ?? upload.plan;
    for (let plans = 0; ; plans++) {
      const resumed = plan !== null;
      try {
        plan ??= await this.retry(() => this.batches.issue(upload));
        this.signal.throwIfAborted();
        upload.plan = plan;
        if (plan.multipart) this.saving = saved.save(upload);
        await this.#deliver(plan, resumed);
        await this.saving;
        saved.remove(upload);
        return;
      } catch (thrown) {
        const error = (await (await this.verdict)?.(thrown)) ?? thrown;
        const { code, needsNewPlan, status } = /** @type {RequestError} */ (error);
        if (plans > 2 || !(needsNewPlan || PLAN_ENDED.test(code) || (resumed && status === 401))) throw error;
        saved.remove(upload);
        plan = upload.plan = null;
        upload.setProgress(0, 0);
      }
    }
  }

  /** What an error comes to, after what diagnosis.js has found out. @type {Promise<((error: any) => Promise<RequestError>) | null> | null} */
  verdict = null;

  /** Has diagnosis.js find out why a request to the store failed, beside the retries, or completing, which tells that nothing has arrived. @param {StoreFailure | {error: any}} failure */
  findCause(failure) {
    const { plan } = this.upload;
    this.verdict = import('./diagnosis.js').then(({ findCause }) => findCause(this, plan, failure), () => null);
  }

  /** Aborts the upload for good, also when the network is away for some time. @param {number} [tries] */
  async abort(tries = 0) {
    try {
      await this.call('DELETE', `/${this.upload.plan?.id}`);
    } catch (error) {
      if (/** @type {RequestError} */ (error).retryable && tries < 6) setTimeout(() => this.abort(tries + 1), 1000 << tries);
    }
  }

  /** Sends the file and completes the upload, again where something is missing. @param {Plan} plan @param {boolean} resumed whether the plan is an earlier one */
  async #deliver(plan, resumed) {
    for (let round = 0; ; round++) {
      this.show('preparing');
      if (plan.multipart) await (await this.#multipart(plan, plan.multipart)).run(resumed || round > 0);
      else await this.retry((tries) => this.#sendInTurn(plan, tries));
      this.onSent();
      this.show('confirming');
      try {
        this.upload.stored = await this.retry(() => this.batches.complete(this.upload, plan).catch((error) => {
          this.findCause({ error });
          throw error;
        }));
        return;
      } catch (error) {
        if (/** @type {RequestError} */ (error).code !== 'incomplete' || round > 8) throw error;
      }
      // A file that isn't there was lost with its connection. Parts that the store lost say nothing about the network.
      await this.wait(backoff(round, 0), !plan.multipart);
    }
  }

  /** @param {Plan} plan @param {PartLayout} layout */
  async #multipart({ id }, layout) {
    const { Multipart } = await this.retry((tries) => loadMultipart(tries).catch(() => { throw new RequestError(0, ''); }));
    return new Multipart(this, id, layout);
  }

  /** Sends a whole file when it is its turn. @param {Plan} plan @param {number} tries */
  async #sendInTurn(plan, tries) {
    const { slots } = this.batches;
    // Reading costs as much as a third of sending a small file: of those only one that can't be sent is read.
    if (!this.upload.small) await this.checkFile();
    const release = await slots.take(this.signal);
    const began = performance.now();
    try {
      await this.#sendWhole(plan, tries);
      this.show('confirming');
      // A browser has six connections to a store. While it is fast, each has the next small file at hand when it gets free.
      const { concurrency } = this.options;
      slots.limit = this.upload.small && concurrency > 5 && performance.now() - began < QUICK ? 2 * concurrency : concurrency;
    } finally {
      release();
    }
  }

  /** Sends a file in one request, by form or by PUT. @param {Plan} plan @param {number} tries */
  async #sendWhole(plan, tries) {
    const { file, signal, options, upload } = this;
    /** @type {FormData | File} */
    let body = file;
    if (plan.post) {
      body = new FormData();
      for (const field of plan.post.fields) body.append(field.name, field.value);
      body.append('file', file);
    }
    this.show('sending');
    const [url, large] = [(plan.post ?? plan.put)?.url ?? '', !upload.small];
    try {
      await send({
        method: plan.method.toUpperCase(),
        url,
        headers: plan.put?.headers,
        body, signal, onProgress: large ? (bytes) => upload.setProgress(0, Math.min(bytes, file.size)) : undefined,
        stall: options.stall * 2 ** tries,
      });
    } catch (error) {
      await this.checkFile();
      this.findCause({ error, url, preflight: large || !!plan.put, sent: upload.sentBytes, whole: true });
      upload.setProgress(0, 0);
      // Without an answer the file may be stored, refused early, or lost on the way: completing finds out.
      const failure = /** @type {RequestError} */ (error);
      if (failure.status === 0) return;
      failure.needsNewPlan = failure.status === 403;
      throw failure;
    }
    upload.setProgress(upload.size, 0);
  }

  /** Calls the JSON API, with the upload token once there is one. @param {string} method @param {string} path @param {object | null} [body] @param {Partial<Request>} [request] */
  call(method, path, body, request) {
    const { plan } = this.upload;
    return callAPI(this.options, method, path, body, { headers: plan ? { 'Upload-Token': plan.token } : {}, signal: this.signal, ...request });
  }
}
