/** @import {Uploader} from './element.js' @import {Unfinished, Uploaded} from './types.d.ts' @import {Messages} from './messages.js' @import {Queue} from './queue.js' @import {PickedFile} from './file-sources.js' */
import { Questions } from './questions.js';
import { Upload } from './core.js';

/** The properties that embed.js sends. No other style of a host is taken over. */
const THEME = /^--postern-(accent|radius|font|surface|text|border|space)$/;
/** An upload of an earlier frame; of the same document of the host, or of one that its visitor has come back to. @typedef {Uploaded & {sameDocument?: boolean}} Restored */

/** What the host is told of a file, which it doesn't get. @param {PickedFile & {path?: string}} file */
const describe = ({ name, size, type, lastModified, path, webkitRelativePath }) => ({ name, size, type, lastModified, path: path || webkitRelativePath });

/** The widget's side of the connection to the page around it. */
export class Widget {
  /** Uploads of earlier documents that aren't shown: they are of somebody else, or nobody knows yet. @type {Restored[]} */
  #kept = [];
  /** How many times the owner is being looked up. While it is, the host gets no list: it would drop what isn't in it. */
  #lookups = 0;
  /** How many times another person may have come. A ticket that was asked for before is an earlier person's, even if it comes now. */
  #person = 0;
  #uploader; #port; #questions;

  /** @param {Uploader} uploader @param {MessagePort} port */
  constructor(uploader, port) {
    this.#uploader = uploader;
    this.#port = port;
    const questions = (this.#questions = new Questions(port));
    port.onmessage = ({ data }) => this.#receive(data);
    uploader.ticket = (renew) => questions.ask('ticket', { renew, person: this.#person });
    uploader.addEventListener('postern:change', () => this.#sendFiles());
    for (const name of ['done', 'fail']) uploader.addEventListener(`postern:${name}`, (event) => this.#sendEvent(name, event));
    new ResizeObserver(([entry]) => {
      // A frame without a layout, or a hidden one, has no width, and its height has no meaning.
      if (innerWidth > 99) port.postMessage({ height: Math.ceil(entry.borderBoxSize[0].blockSize) });
    }).observe(document.body);
  }

  /** Sends what has been uploaded, and whether more is under way. */
  #sendFiles() {
    if (this.#lookups) return;
    const { value, queue } = this.#uploader;
    const unfinished = [...(queue?.uploads ?? [])].filter(({ state }) => !/done|refused|interrupted/.test(state))
      .map(({ name, size, lastModified, owner }) => ({ name, size, lastModified, owner }));
    this.#port.postMessage({ files: value, unfinished, busy: this.#uploader.hasAttribute('busy') });
  }

  /** @param {string} name @param {Event} event */
  #sendEvent(name, event) {
    const { upload } = /** @type {CustomEvent} */ (event).detail;
    const { name: filename, size, code, file, stored } = upload;
    const { key = '', type = file?.type ?? '', receipt, url } = stored ?? {};
    this.#port.postMessage({ event: name, file: { name: filename, size, type, code, key, receipt, url } });
  }

  /** Shows those uploads of earlier frames that are the person's own. @param {Restored[]} files @param {boolean} [changed] whether another person may have come @param {Unfinished[]} [unfinished] */
  async #restore(files, changed, unfinished = []) {
    const queue = /** @type {Queue} */ (this.#uploader.queue);
    this.#kept.push(...files);
    this.#lookups++;
    await queue.restore(changed);
    const marks = this.#kept.length || unfinished.length ? await queue.owner.settle() : null;
    this.#lookups--;
    if (marks) this.#kept = this.#kept.filter((file) => !this.#show(queue, file, marks));
    for (const file of marks ? unfinished : []) this.#showUnfinished(queue, file, /** @type {string[]} */ (marks));
    this.#sendFiles();
  }

  /** Whether an upload of an earlier frame is the person's. @param {string} owner @param {string[]} marks of the person @param {boolean} [sameDocument] */
  #isOwn(owner, marks, sameDocument) {
    // Where a guest's mark can't be stored, each frame has another one; the host's document knows that it is the same guest.
    const sameGuest = sameDocument && [owner, marks[0]].every((mark) => `${mark}`.startsWith('guest-'));
    return sameGuest || marks.includes(owner);
  }

  /** Shows a file whose upload ended with an earlier frame of the same document: it has to be chosen again. @param {Queue} queue @param {Unfinished} file @param {string[]} marks of the person */
  #showUnfinished({ uploads, saved, options }, file, marks) {
    const { owner } = file;
    if ((owner && !this.#isOwn(owner, marks, true)) || [...uploads].some((upload) => saved.file(upload) === saved.file(file))) return;
    const upload = Object.assign(new Upload(null, file, options.onChange), { state: 'interrupted', owner });
    uploads.add(upload);
    options.onChange(upload);
  }

  /** Shows an upload if it is the person's. @param {Queue} queue @param {Restored} file @param {string[]} marks of the person @returns whether it is */
  #show({ uploads, options }, { name, owner, sameDocument, ...stored }, marks) {
    const { key, size, url } = stored;
    // The host has kept it, so only a link to our own server is shown again.
    if (!url?.startsWith(`${location.origin}/`)) delete stored.url;
    if (!this.#isOwn(owner, marks, sameDocument)) return false;
    if ([...uploads].some(({ stored }) => stored?.key === key)) return true;
    const upload = new Upload(null, { name, size, lastModified: 0 }, options.onChange);
    uploads.add(Object.assign(upload, { state: 'done', storedBytes: size, sentBytes: size, stored, owner: marks.includes(owner) ? owner : marks[0] }));
    options.onChange(upload);
    return true;
  }

  async #forget() {
    this.#kept = [];
    await this.#uploader.forget();
    this.#port.postMessage({ forgotten: true });
  }

  /** @param {any} message from the host */
  #receive({ ticket, metadata, files, kept = [], unfinished, changed, theme, scheme, disabled, reset, forget }) {
    const { style } = document.documentElement;
    if (ticket) this.#questions.receive('ticket', ticket);
    // The first message says that the host can be asked: the script of an older server doesn't answer.
    if (metadata === true) /** @type {any} */ (this.#uploader).metadata = (/** @type {PickedFile} */ file) => this.#questions.ask('metadata', describe(file));
    else if (metadata) this.#questions.receive('metadata', metadata);
    if (changed) this.#person++;
    if (files) this.#restore([...kept, ...files.map((/** @type {Uploaded} */ file) => ({ ...file, sameDocument: true }))], changed, unfinished);
    if (forget) this.#forget();
    for (const [name, content] of theme ?? []) if (THEME.test(name)) style.setProperty(name, content);
    if (scheme) style.colorScheme = scheme;
    if (disabled !== undefined) this.#uploader.toggleAttribute('disabled', disabled);
    if (!reset) return;
    this.#kept = [];
    this.#uploader.reset();
  }
}

/**
 * Asks the page around the frame for a port. Only the origins that the server named get the message. An answer counts only from the
 * window around the frame, from one of those origins, with our nonce.
 * @param {Uploader} uploader
 */
function handshake(uploader) {
  const nonce = crypto.getRandomValues(new Uint32Array(4)).join();
  const listed = (uploader.getAttribute('parent-origins') ?? '').split(' ').filter(Boolean);
  const origins = new Set([...listed, location.origin]);
  const onMessage = (/** @type {MessageEvent} */ { source, origin, data, ports }) => {
    if (source !== parent || !origins.has(origin) || data?.postern !== 'welcome' || data.nonce !== nonce || !ports[0]) return;
    removeEventListener('message', onMessage);
    const messages = /** @type {Messages} */ (uploader.list?.messages);
    const texts = Object.fromEntries(['required', 'busy', 'no_receipt'].map((name) => [name, messages.text(`upload.${name}`)]));
    ports[0].postMessage({ nonce: data.answer, messages: texts });
    new Widget(uploader, ports[0]);
  };
  addEventListener('message', onMessage);
  // Where the browser names the parent's origin, a message to any other would only put an error on the console.
  const ancestor = location.ancestorOrigins?.[0] ?? '';
  for (const origin of origins.has(ancestor) ? [ancestor] : origins) parent.postMessage({ postern: 'hello', nonce }, origin);
}

const uploader = /** @type {Uploader | null} */ (document.querySelector('postern-uploader[embedded]'));
if (uploader) {
  // Outside of a frame no host gives tickets.
  const begin = () => (parent === window ? uploader.queue?.restore() : handshake(uploader));
  if (uploader.hasAttribute('ready')) begin();
  else uploader.addEventListener('postern:ready', begin, { once: true });
}
