/** @import {Unfinished, Uploaded} from './types.d.ts' @import {Tag} from './embed-answers.js' */
import { answer, explainWithout, loadFailure } from './embed/late.js';
import { newFrame, pageOf, serverOf, themeOf } from './embed/frame.js';
import { addControlMembers, setState, upgradeProperties } from './embed/properties.js';
const EVENTS = ['message', 'pageshow', 'postern:forget', 'securitypolicyviolation']; // of the window

/** <postern-upload profile="…">: an uploader in an iframe, and a form control. It submits the receipts of the uploaded objects. At a logout, hosts call forget(). */
class PosternUpload extends HTMLElement {
  static formAssociated = true;
  static observedAttributes = ['required', 'disabled', 'name', 'profile', 'server', 'lang', 'value-as'];

  /** @type {Tag['ticket']} */ #ticket = '';
  /** What has been uploaded. It is kept when the frame is loaded again, and restored with the page for the same person. @type {Uploaded[]} */ #files = [];
  /** What was uploaded before the visitor came back to the page: no value until the frame says that it is the same person's. @type {Uploaded[]} */ #kept = [];
  /** What is being uploaded. A frame that is loaded again shows it as interrupted. @type {Unfinished[]} */ #unfinished = [];
  /** Each ends a wait for the frame. @type {(() => void)[]} */ #forgotten = [];
  /** To the frame. @type {MessagePort | null} */ port = null;
  #customError = ''; #busy = /** @type {boolean | number} */ (false);
  #nonce = ''; // the frame has to send it back before its messages count
  /** Why the form can't be sent: the browser's text until the frame sends its own. @type {Record<string, string>} */
  #messages = { required: Object.assign(document.createElement('input'), { required: true }).validationMessage };
  #failure = ''; // what the visitor is told where the frame can't be loaded
  /** While a frame is waited for. @type {ReturnType<typeof setTimeout> | undefined} */ #timer;
  /** Of the page's Content-Security-Policy, since the frame has been loaded. @type {SecurityPolicyViolationEvent[]} */ violations = [];
  /** The sentence in place of the frame, and the content of the tag. Browsers show a control's validity only beside what can have the focus. */
  #fallback = /** @type {const} */ ([Object.assign(document.createElement('p'), { role: 'alert', tabIndex: -1, hidden: true }), document.createElement('slot')]);
  internals = this.attachInternals();
  frame = newFrame(() => this.port?.postMessage(themeOf(this)));

  constructor() {
    super();
    this.attachShadow({ mode: 'open', delegatesFocus: true }).append(this.frame, ...this.#fallback);
    this.addEventListener('postern:forget', this);
    this.addEventListener('invalid', () => loadFailure().then((late) => late?.takeFocus(/** @type {any} */ (this))));
    upgradeProperties(this);
  }

  /** A ticket, or a function that returns one; called with true when the last one was refused. Set it again when another person logs in. */
  get ticket() { return this.#ticket; }
  set ticket(ticket) { this.#ticket = ticket; this.port?.postMessage({ files: this.#files, changed: true }); }
  /** What has been uploaded. `receipt` and `url` are undefined where the server gives none. */
  get value() { return this.#files.map(({ name, size, type, key, receipt, url }) => ({ name, size, type, key, receipt, url })); }

  connectedCallback() { for (const name of EVENTS) addEventListener(name, this); this.#load(); }
  disconnectedCallback() {
    if (this.#unfinished.length) loadFailure().then((late) => late?.tellOfMove());
    for (const name of EVENTS) removeEventListener(name, this);
    this.#disconnect();
  }
  connectedMoveCallback() {} // for moveBefore, in place of the other two: the frame isn't loaded again

  /** @param {string} name @param {string | null} old @param {string | null} now */
  attributeChangedCallback(name, old, now) {
    if (old === now) return;
    const sourceChanged = /profile|server/.test(name);
    if (sourceChanged) this.#files = this.#kept = this.#unfinished = [];
    if (this.isConnected && (sourceChanged || name === 'lang')) this.#load();
    else this.#updateFormValue();
  }

  /** Loads the frame. Where its first message doesn't come within 8 s, it finds out why; what is needed for that is loaded then, within 3 s. */
  #load() {
    this.#disconnect();
    this.violations = [];
    Object.assign(this.frame, pageOf(/** @type {any} */ (this)));
    const timer = this.#timer = setTimeout(async () => {
      const late = await Promise.race([loadFailure(), new Promise((resolve) => setTimeout(resolve, 3000))]);
      const explanation = await late?.explain(this);
      if (timer !== this.#timer) return; // the frame has answered meanwhile
      const [sentence, code] = explanation ?? explainWithout(this);
      this.#showFailure(sentence);
      const detail = { code: await code, message: sentence };
      if (timer === this.#timer) this.dispatchEvent(new CustomEvent('postern:fail', { bubbles: true, detail }));
    }, 8000);
  }
  /** Shows the frame, or a sentence and the content of the tag. @param {string} failure '' for none */
  #showFailure(failure) {
    const [sentence, content] = this.#fallback;
    sentence.textContent = this.#failure = failure;
    sentence.hidden = content.hidden = !failure;
    this.frame.style.display = failure ? 'none' : 'block';
    setState(this.internals, 'failed', failure);
    this.#updateFormValue();
  }
  #disconnect() {
    clearTimeout(this.#timer);
    this.port?.close();
    [this.port, this.#nonce, this.#timer] = [null, '', undefined];
    this.#updateFormValue(this.#files, this.#kept.length);
  }
  /** @param {any} event one of EVENTS */
  handleEvent(event) {
    if (event.type === 'message') this.#welcome(event);
    else if (event.type === 'postern:forget') this.forget();
    else if (event.type === 'securitypolicyviolation') this.#timer && this.violations.push(event);
    // A page from the browser's memory may be back for somebody else.
    else if (event.persisted) this.#restore([...this.#files, ...this.#kept]);
  }

  /** Gives a port to our own frame on the server's origin, and to no other window. Tickets are sent through it, never in a URL. @param {MessageEvent} event */
  #welcome({ source, origin, data }) {
    if (source !== this.frame.contentWindow || origin !== serverOf(this).origin || data?.postern !== 'hello') return;
    this.#disconnect();
    const { port1, port2 } = new MessageChannel();
    this.#nonce = `${crypto.getRandomValues(new Uint8Array(16))}`;
    port1.onmessage = ({ data: first }) => {
      if (first?.nonce !== this.#nonce) return port1.close();
      [this.port, this.#messages] = [port1, first.messages];
      port1.onmessage = (event) => this.#receive(event.data, port1);
      port1.postMessage({ ...themeOf(this), files: this.#files, kept: this.#kept, unfinished: this.#unfinished, forget: this.#forgotten.length, metadata: true });
      this.#showFailure('');
    };
    this.frame.contentWindow?.postMessage({ postern: 'welcome', nonce: data.nonce, answer: this.#nonce }, origin, [port2]);
  }

  /** @param {any} message from the frame @param {MessagePort} port to the same frame: by the time of an answer there may be another */
  #receive({ height, files, unfinished, busy, event, file, forgotten, ...questions }, port) {
    if (height) this.frame.style.height = `${height}px`;
    if (files) {
      this.#kept = this.#kept.filter(({ key }) => !files.some((/** @type {Uploaded} */ shown) => shown.key === key));
      this.#unfinished = unfinished;
      this.#updateFormValue(files, busy);
    }
    if (forgotten) this.#endForget();
    if (event) this.dispatchEvent(new CustomEvent(`postern:${event}`, { bubbles: true, detail: file }));
    for (const name in questions) answer(this, port, name, questions[name]);
  }
  /** Has the frame show files again if they are of whoever uses the page now. @param {Uploaded[]} files */
  #restore(files) { this.#clear({ files: [], kept: files, changed: true }, files); }
  /** Empties the value. @param {object} message to the frame @param {Uploaded[]} [kept] what the frame may find to be the person's own */
  #clear(message, kept = []) {
    [this.#kept, this.#unfinished] = [kept, []];
    this.#updateFormValue([], kept.length);
    this.port?.postMessage(message);
  }

  /** Forgets the person at a logout, while the ticket is still good: stops uploads, empties the value, and removes what the browser keeps of them; resolved when that is done, or after 2 s. The event `postern:forget`, on the element or the window, does the same. @returns {Promise<void>} */
  forget() {
    this.#clear({ forget: true });
    setTimeout(() => this.#endForget(), 2000);
    return new Promise((resolve) => { this.#forgotten.push(resolve); });
  }
  #endForget() { this.#forgotten.splice(0).forEach((end) => end()); }
  /** Sets the value and the validity of the form control. */
  #updateFormValue(files = this.#files, busy = this.#busy) {
    [this.#busy, this.#files] = [busy, files];
    const { name, required, internals } = /** @type {this & {name: string, required: boolean}} */ (this);
    const [messages, data] = [this.#messages, new FormData()];
    const values = name ? files.map(({ key, receipt }) => (this.getAttribute('value-as') === 'key' ? key : receipt)) : [];
    for (const value of values) if (value) data.append(name, value);
    internals.setFormValue(data, JSON.stringify([...files, ...this.#kept]));
    const unsent = values.every(Boolean) ? '' : messages.no_receipt;
    if (unsent) loadFailure().then((late) => late?.tellOfReceipts(this));
    const error = this.#customError || this.#failure || (busy && (messages.busy || messages.required)) || unsent;
    const missing = !error && required && !files.length;
    internals.setValidity({ customError: !!error, valueMissing: missing }, error || (missing && messages.required) || '', this.#failure ? this.#fallback[0] : this.frame);
    setState(internals, 'busy', busy);
    this.port?.postMessage({ disabled: this.matches(':disabled') });
  }

  formDisabledCallback() { this.#updateFormValue(); }
  formResetCallback() { this.#clear({ reset: true }); }
  /** @param {string} state as given to setFormValue before the page was left */
  formStateRestoreCallback(state) { this.#restore(JSON.parse(state)); }
  /** @param {string} reason why the form can't be sent yet; '' for none */
  setCustomValidity(reason) { this.#customError = reason; this.#updateFormValue(); }
}

addControlMembers(PosternUpload);
if (!customElements.get('postern-upload')) customElements.define('postern-upload', PosternUpload);
