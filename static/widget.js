/** @import {Uploader} from './element.js' */
/** @import {Uploaded} from './embed.js' */
/** @import {Words} from './words.js' */
import { Fault } from './request.js';
import { Upload } from './upload.js';

/** The same names that embed.js sends: nothing else of a host's style gets in. */
const THEME = /^--postern-(accent|radius|font|surface|text|border|space)$/;
/** How often a host that fails to give a ticket is asked before a file is held up. */
const ASKS = 3;

/** A question for a ticket, and the files that wait for the answer. @typedef {{asks: number, waiting: ((ticket?: string) => void)[]}} Question */

/** The widget's side of the handshake with the page around it. */
export class Widget {
  /** Questions that are open, by whether they want a new ticket. @type {Map<boolean, Question>} */
  asked = new Map();

  /** @param {Uploader} uploader @param {MessagePort} port */
  constructor(uploader, port) {
    this.uploader = uploader;
    this.port = port;
    port.onmessage = ({ data }) => this.receive(data);
    uploader.ticket = (renew) => this.ask(renew);
    uploader.addEventListener('postern:change', () => this.report());
    for (const name of ['done', 'fail']) uploader.addEventListener(`postern:${name}`, (event) => this.tell(name, event));
    new ResizeObserver(([entry]) => {
      // A frame that isn't laid out yet, or is hidden, has no width, and a height that means nothing.
      if (innerWidth > 99) port.postMessage({ height: Math.ceil(entry.borderBoxSize[0].blockSize) });
    }).observe(document.body);
  }

  /** What the host may know: what arrived, and whether more is coming. */
  report() {
    this.port.postMessage({ files: this.uploader.value, busy: this.uploader.hasAttribute('busy') });
  }

  /** @param {string} name @param {Event} event */
  tell(name, event) {
    const { upload } = /** @type {CustomEvent} */ (event).detail;
    const { name: filename, size, code, stored } = upload;
    this.port.postMessage({ event: name, file: { name: filename, size, code, key: stored?.key ?? '' } });
  }

  /** Files that want a ticket at the same time share one question. @param {boolean} renew @returns {Promise<string>} */
  ask(renew) {
    const { asked, port } = this;
    const question = asked.get(renew) ?? { asks: 0, waiting: [] };
    asked.set(renew, question);
    return new Promise((resolve, reject) => {
      // Without an answer it is as without a network: worth another try later.
      const settle = (/** @type {string | undefined} */ ticket) => (ticket === undefined ? reject(new Fault(0, '')) : resolve(ticket));
      if (question.waiting.push(settle) === 1) port.postMessage({ ticket: { renew } });
    });
  }

  /** @param {boolean} renew @param {string} [value] the ticket; undefined where the host failed */
  answer(renew, value) {
    const { asked, port } = this;
    const question = asked.get(renew);
    if (!question) return;
    if (value === undefined && ++question.asks < ASKS) {
      setTimeout(() => port.postMessage({ ticket: { renew } }), 500 * question.asks);
      return;
    }
    asked.delete(renew);
    question.waiting.forEach((settle) => settle(value));
  }

  /** Shows what had arrived before this frame was there. @param {Uploaded[]} files */
  recall(files) {
    const { queue } = this.uploader;
    for (const { name, size, type, key } of files) {
      if (!queue) return;
      const upload = new Upload(null, { name, size, lastModified: 0 }, queue.host.changed);
      Object.assign(upload, { state: 'done', safe: size, sent: size, stored: { key, size, type } });
      queue.uploads.add(upload);
      queue.host.changed(upload);
    }
  }

  /** @param {any} message from the host */
  receive({ ticket, files, theme, scheme, disabled, reset }) {
    const { style } = document.documentElement;
    if (ticket) this.answer(ticket.renew, ticket.value);
    if (files) {
      this.recall(files);
      this.report();
    }
    for (const [name, content] of theme ?? []) if (THEME.test(name)) style.setProperty(name, content);
    if (scheme) style.colorScheme = scheme;
    if (disabled !== undefined) this.uploader.toggleAttribute('disabled', disabled);
    if (reset) this.uploader.reset();
  }
}

/**
 * Asks the page around us who it is. Only the origins that the server named hear the question, and only an answer from
 * the window around us, from one of them, with our nonce, counts.
 * @param {Uploader} uploader
 */
function shake(uploader) {
  const nonce = crypto.getRandomValues(new Uint32Array(4)).join();
  const listed = (uploader.getAttribute('parent-origins') ?? '').split(' ').filter(Boolean);
  const origins = new Set([...listed, location.origin]);
  const hear = (/** @type {MessageEvent} */ { source, origin, data, ports }) => {
    if (source !== parent || !origins.has(origin) || data?.postern !== 'welcome' || data.nonce !== nonce || !ports[0]) return;
    removeEventListener('message', hear);
    const words = /** @type {Words} */ (uploader.list?.words);
    ports[0].postMessage({ nonce: data.answer, words: { required: words.say('up.required'), busy: words.say('up.busy') } });
    new Widget(uploader, ports[0]);
  };
  addEventListener('message', hear);
  // Where the browser names the page around us, asking others would only fill the console.
  const around = location.ancestorOrigins?.[0] ?? '';
  for (const origin of origins.has(around) ? [around] : origins) parent.postMessage({ postern: 'hello', nonce }, origin);
}

const uploader = /** @type {Uploader | null} */ (document.querySelector('postern-uploader[embedded]'));
if (uploader && parent !== window) {
  if (uploader.hasAttribute('ready')) shake(uploader);
  else uploader.addEventListener('postern:ready', () => shake(uploader), { once: true });
}
