/** @import {Uploader} from './element.js' */
/** The same names that embed.js sends: nothing else of a host's style gets in. */
const THEME = /^--postern-(accent|radius|font|surface|text|border|space)$/;

/** The widget's side of the handshake with the page around it. */
export class Widget {
  /** @type {Map<number, (ticket: string) => void>} */
  asked = new Map();
  questions = 0;

  /** @param {Uploader} uploader @param {MessagePort} port */
  constructor(uploader, port) {
    this.uploader = uploader;
    this.port = port;
    port.onmessage = ({ data }) => this.receive(data);
    uploader.ticket = (renew) => new Promise((resolve) => {
      const id = ++this.questions;
      this.asked.set(id, resolve);
      port.postMessage({ ticket: { id, renew } });
    });
    uploader.addEventListener('postern:change', () => this.report());
    for (const name of ['done', 'fail']) uploader.addEventListener(`postern:${name}`, (event) => this.tell(name, event));
    new ResizeObserver(([entry]) => port.postMessage({ height: Math.ceil(entry.borderBoxSize[0].blockSize) })).observe(document.body);
    this.report();
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

  /** @param {any} message from the host */
  receive({ ticket, value, theme, scheme, disabled, reset }) {
    const { style } = document.documentElement;
    if (ticket) this.asked.get(ticket)?.(String(value ?? ''));
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
    const { required, busy } = uploader.phrases;
    ports[0].postMessage({ nonce: data.answer, words: { required, busy } });
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
