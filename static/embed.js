/** @import {Uploaded} from './types.d.ts' @typedef {string | Promise<string>} Ticket */

/** The properties with which a host styles the widget, set on the tag or on any element around it. */
const THEME = ['accent', 'radius', 'font', 'surface', 'text', 'border', 'space'].map((name) => `--postern-${name}`);
const EVENTS = ['message', 'pageshow', 'postern:forget']; // of the window

/** <postern-upload profile="…">: an uploader in an iframe, and a form control. Its value is the keys of the uploaded objects. At a logout, hosts call forget(). */
export class PosternUpload extends HTMLElement {
  static formAssociated = true;
  static observedAttributes = ['required', 'disabled', 'name', 'profile', 'server', 'lang'];

  /** @type {string | ((renew: boolean) => Ticket)} */ #ticket = '';
  /** What has been uploaded. It is kept when the frame is loaded again, and restored with the page for the same person. @type {Uploaded[]} */
  files = [];
  /** What was uploaded before the visitor came back to the page: no value until the frame says that it is the same person's. @type {Uploaded[]} */
  #kept = [];
  /** Each ends a wait for the frame. @type {(() => void)[]} */ #forgotten = [];
  /** To the frame. @type {MessagePort | null} */ port = null;
  #customError = '';
  #nonce = ''; // the frame has to send it back before its messages count
  /** Why the form can't be sent: the browser's text until the frame sends its own. */
  #messages = { required: Object.assign(document.createElement('input'), { required: true }).validationMessage, busy: '' };
  internals = this.attachInternals();
  frame = document.createElement('iframe');

  constructor() {
    super();
    // The transition is invisible: its start tells that the host's theme has changed.
    this.frame.style.cssText = `display:block;border:0;width:100%;height:15.75rem;background:none;color-scheme:inherit;transition:1ms allow-discrete;transition-property:color-scheme,${THEME}`;
    this.frame.ontransitionrun = () => this.#applyTheme();
    this.attachShadow({ mode: 'open', delegatesFocus: true }).append(this.frame);
    this.addEventListener('postern:forget', this);
    const { ticket } = this; // which the host may have set before this module was loaded
    Reflect.deleteProperty(this, 'ticket');
    this.ticket = ticket;
  }

  /** A ticket, or a function that returns one; called with true when the last one was refused. Set it again when another person logs in. */
  get ticket() { return this.#ticket; }
  set ticket(ticket) { this.#ticket = ticket; this.port?.postMessage({ files: this.files, changed: true }); }
  /** Keys of what has been uploaded. */
  get value() { return this.files.map((file) => file.key); }
  /** The URL of the server: the attribute's, or else where this module came from. */
  get base() { return new URL((this.getAttribute('server') ?? new URL('.', import.meta.url).href.replace(/assets\/\w+\/$/, '')).replace(/\/*$/, '/'), location.href); }

  connectedCallback() { for (const name of EVENTS) addEventListener(name, this); this.#load(); }
  disconnectedCallback() { for (const name of EVENTS) removeEventListener(name, this); this.#disconnect(); }
  /** Called for moveBefore in place of the other two: the frame isn't loaded again. */
  connectedMoveCallback() {}

  /** @param {string} name @param {string | null} old @param {string | null} now */
  attributeChangedCallback(name, old, now) {
    if (old === now) return;
    const sourceChanged = /profile|server/.test(name);
    if (sourceChanged) this.files = this.#kept = [];
    if (this.isConnected && (sourceChanged || name === 'lang')) this.#load();
    else this.#updateFormValue();
  }

  #load() {
    this.#disconnect();
    const url = new URL(`widget/${encodeURIComponent(this.getAttribute('profile') ?? '')}`, this.base);
    const lang = this.closest('[lang]')?.getAttribute('lang');
    if (lang) url.searchParams.set('lang', lang);
    const label = [...(this.ariaLabelledByElements ?? []), ...this.internals.labels][0]?.textContent?.trim();
    this.frame.title = this.ariaLabel ?? label ?? this.getAttribute('profile') ?? '';
    this.frame.src = url.href;
  }

  #disconnect() {
    this.port?.close();
    [this.port, this.#nonce] = [null, ''];
    this.#updateFormValue(this.files, !!this.#kept.length);
  }

  /** @param {any} event one of EVENTS */
  handleEvent(event) {
    if (event.type === 'message') this.#welcome(event);
    else if (event.type === 'postern:forget') this.forget();
    // A page from the browser's memory may be back for somebody else.
    else if (event.persisted) this.#restore([...this.files, ...this.#kept]);
  }

  /** Gives a port to our own frame on the server's origin, and to no other window. Tickets are sent through it, never in a URL. @param {MessageEvent} event */
  #welcome({ source, origin, data }) {
    if (source !== this.frame.contentWindow || origin !== this.base.origin || data?.postern !== 'hello') return;
    this.#disconnect();
    const { port1, port2 } = new MessageChannel();
    this.#nonce = crypto.getRandomValues(new Uint32Array(4)).join();
    port1.onmessage = ({ data: first }) => {
      if (first?.nonce !== this.#nonce) return port1.close();
      [this.port, this.#messages] = [port1, first.messages];
      port1.onmessage = (event) => this.#receive(event.data, port1);
      port1.postMessage({ files: this.files, kept: this.#kept, forget: this.#forgotten.length > 0 });
      return this.#applyTheme();
    };
    this.frame.contentWindow?.postMessage({ postern: 'welcome', nonce: data.nonce, answer: this.#nonce }, origin, [port2]);
  }

  /** @param {any} message from the frame @param {MessagePort} port to the same frame: by the time of an answer there may be another */
  async #receive({ height, files, busy, ticket, event, file, forgotten }, port) {
    if (height) this.frame.style.height = `${height}px`;
    if (files) this.#kept = this.#kept.filter(({ key }) => !files.some((/** @type {Uploaded} */ shown) => shown.key === key));
    if (files) this.#updateFormValue(files, busy);
    if (forgotten) this.#endForget();
    if (event) this.dispatchEvent(new CustomEvent(`postern:${event}`, { bubbles: true, detail: file }));
    if (ticket) port.postMessage({ ticket: { ...ticket, value: await this.#resolveTicket(ticket.renew).catch(reportError) } });
  }

  /** A ticket from the property, or from a listener of the event. @param {boolean} renew */
  async #resolveTicket(renew) {
    let given = typeof this.ticket === 'function' ? this.ticket(renew) : this.ticket;
    this.dispatchEvent(new CustomEvent('postern:ticket', { bubbles: true, detail: { renew, answer: (/** @type {Ticket} */ value) => { given = value; } } }));
    return `${(await given) ?? ''}`;
  }

  #applyTheme() {
    const style = getComputedStyle(this);
    this.port?.postMessage({ theme: THEME.map((name) => [name, style.getPropertyValue(name)]), scheme: style.colorScheme });
  }

  /** Has the frame show files again if they are of whoever uses the page now. @param {Uploaded[]} files */
  #restore(files) { this.#clear({ files: [], kept: files, changed: true }, files); }
  /** Empties the value. @param {object} message to the frame @param {Uploaded[]} [kept] what the frame may find to be the person's own */
  #clear(message, kept = []) {
    this.#kept = kept;
    this.#updateFormValue([], !!kept.length);
    this.port?.postMessage(message);
  }

  /**
   * Forgets the person at a logout, while the ticket is still good: stops uploads, empties the value, and removes what the browser keeps of
   * them; resolved when that is done, or after 2 s. The event `postern:forget`, on the element or the window, does the same. @returns {Promise<void>}
   */
  forget() {
    this.#clear({ forget: true });
    setTimeout(() => this.#endForget(), 2000);
    return new Promise((resolve) => { this.#forgotten.push(resolve); });
  }
  #endForget() { this.#forgotten.splice(0).forEach((end) => end()); }

  /** Sets the value and the validity of the form control. */
  #updateFormValue(files = this.files, busy = this.internals.states.has('busy')) {
    this.files = files;
    const [name, internals, messages, error, data] = [this.getAttribute('name'), this.internals, this.#messages, this.#customError, new FormData()];
    if (name) for (const { key } of files) data.append(name, key);
    internals.setFormValue(data, JSON.stringify([...files, ...this.#kept]));
    if (error || busy) internals.setValidity({ customError: true }, error || messages.busy || messages.required, this.frame);
    else if (this.hasAttribute('required') && !files.length) internals.setValidity({ valueMissing: true }, messages.required, this.frame);
    else internals.setValidity({});
    internals.states[busy ? 'add' : 'delete']('busy');
    this.port?.postMessage({ disabled: this.matches(':disabled') });
  }

  formDisabledCallback() { this.#updateFormValue(); }
  formResetCallback() { this.#clear({ reset: true }); }
  /** @param {string} state as given to setFormValue before the page was left */
  formStateRestoreCallback(state) { this.#restore(JSON.parse(state)); }
  /** @param {string} reason why the form can't be sent yet; '' for none */
  setCustomValidity(reason) { this.#customError = reason; this.#updateFormValue(); }
}

/** @param {string[]} names @param {(name: string) => PropertyDescriptor & ThisType<PosternUpload>} describe */
const define = (names, describe) => names.forEach((name) => Object.defineProperty(PosternUpload.prototype, name, describe(name)));
define(['form', 'labels', 'validity', 'validationMessage', 'willValidate'], (name) => ({ get() { return /** @type {any} */ (this.internals)[name]; } }));
define(['checkValidity', 'reportValidity'], (name) => ({ value() { return /** @type {any} */ (this.internals)[name](); } }));
define(['required', 'disabled'], (name) => ({ get() { return this.hasAttribute(name); }, set(on) { this.toggleAttribute(name, !!on); } }));
define(['name', 'profile', 'server'], (name) => ({ get() { return this.getAttribute(name) ?? ''; }, set(text) { this.setAttribute(name, text); } }));

customElements.get('postern-upload') ?? customElements.define('postern-upload', PosternUpload);
