/** @typedef {{key: string, name: string, size: number, type: string}} Uploaded */
/** @typedef {string | Promise<string>} Ticket */

/** The properties with which a host styles the widget, set on the tag or on any element around it. README.md lists them. */
const THEME = ['accent', 'radius', 'font', 'surface', 'text', 'border', 'space'].map((name) => `--postern-${name}`);

/** <postern-upload profile="…">: an uploader in an iframe, and a form control. Its value is the keys of the uploaded objects. */
export class PosternUpload extends HTMLElement {
  static formAssociated = true;
  static observedAttributes = ['required', 'disabled', 'name', 'profile', 'server', 'lang'];

  /** A ticket, or a function that returns one; called with true when the last one was refused. @type {string | ((renew: boolean) => Ticket)} */
  ticket = '';
  /** What has been uploaded. It is kept when the frame is loaded again, and restored with the page. @type {Uploaded[]} */
  files = [];
  /** To the frame. @type {MessagePort | null} */ port = null;
  #customError = '';
  #nonce = ''; // the frame has to send it back before its messages count
  /** Why the form can't be sent: the browser's text until the frame sends its own. */
  #messages = { required: Object.assign(document.createElement('input'), { required: true }).validationMessage, busy: '' };
  internals = this.attachInternals();

  constructor() {
    super();
    this.frame = document.createElement('iframe');
    // The transition is invisible: its start tells that the host's theme has changed.
    this.frame.style.cssText = `display:block;border:0;width:100%;height:15.75rem;background:none;color-scheme:inherit;transition:1ms allow-discrete;transition-property:color-scheme,${THEME}`;
    this.frame.ontransitionrun = () => this.#applyTheme();
    this.attachShadow({ mode: 'open', delegatesFocus: true }).append(this.frame);
  }

  /** Keys of what has been uploaded. */
  get value() {
    return this.files.map((file) => file.key);
  }

  /** The URL of the server: the attribute's, or else where this module came from. */
  get base() {
    const server = this.getAttribute('server') ?? new URL('.', import.meta.url).href.replace(/assets\/\w+\/$/, '');
    return new URL(server.replace(/\/*$/, '/'), location.href);
  }

  connectedCallback() {
    addEventListener('message', this);
    this.#load();
  }

  /** Called for moveBefore in place of the other two: the frame isn't loaded again. */
  connectedMoveCallback() {}

  disconnectedCallback() {
    removeEventListener('message', this);
    this.#disconnect();
  }

  /** @param {string} name @param {string | null} old @param {string | null} now */
  attributeChangedCallback(name, old, now) {
    if (old === now) return;
    const sourceChanged = /profile|server/.test(name);
    if (sourceChanged) this.files = [];
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
    this.port = null;
    this.#nonce = '';
    this.#updateFormValue(this.files, false);
  }

  /** Gives a port to our own frame on the server's origin, and to no other window. Tickets are sent through it, never in a URL. @param {MessageEvent} event */
  handleEvent({ source, origin, data }) {
    if (source !== this.frame.contentWindow || origin !== this.base.origin || data?.postern !== 'hello') return;
    this.#disconnect();
    const { port1, port2 } = new MessageChannel();
    this.#nonce = crypto.getRandomValues(new Uint32Array(4)).join();
    port1.onmessage = ({ data: first }) => {
      if (first?.nonce !== this.#nonce) return port1.close();
      this.port = port1;
      this.#messages = first.messages;
      port1.onmessage = (event) => this.#receive(event.data, port1);
      this.#restore(this.files);
      return this.#applyTheme();
    };
    this.frame.contentWindow?.postMessage({ postern: 'welcome', nonce: data.nonce, answer: this.#nonce }, origin, [port2]);
  }

  /** @param {any} message from the frame @param {MessagePort} port to the same frame: by the time of an answer there may be another */
  async #receive({ height, files, busy, ticket, event, file }, port) {
    if (height) this.frame.style.height = `${height}px`;
    if (files) this.#updateFormValue(files, busy);
    if (event) this.dispatchEvent(new CustomEvent(`postern:${event}`, { bubbles: true, detail: file }));
    if (ticket) port.postMessage({ ticket: { ...ticket, value: await this.#resolveTicket(ticket.renew).catch(reportError) } });
  }

  /** A ticket from the property, or from a listener of the event. @param {boolean} renew */
  async #resolveTicket(renew) {
    let given = typeof this.ticket === 'function' ? this.ticket(renew) : this.ticket;
    const detail = { renew, answer: (/** @type {Ticket} */ value) => { given = value; } };
    this.dispatchEvent(new CustomEvent('postern:ticket', { bubbles: true, detail }));
    return `${(await given) ?? ''}`;
  }

  #applyTheme() {
    const style = getComputedStyle(this);
    const theme = THEME.map((name) => [name, style.getPropertyValue(name)]);
    this.port?.postMessage({ theme, scheme: style.colorScheme });
  }

  /** Takes files as uploaded, and has the frame show them. @param {Uploaded[]} files */
  #restore(files) {
    this.#updateFormValue(files, false);
    this.port?.postMessage({ files });
  }

  /** Sets the value and the validity of the form control. */
  #updateFormValue(files = this.files, busy = this.internals.states.has('busy')) {
    this.files = files;
    const [internals, messages, error] = [this.internals, this.#messages, this.#customError];
    const data = new FormData();
    const name = this.getAttribute('name');
    if (name) for (const { key } of files) data.append(name, key);
    internals.setFormValue(data, JSON.stringify(files));
    if (error || busy) internals.setValidity({ customError: true }, error || messages.busy, this.frame);
    else if (this.hasAttribute('required') && !files.length) internals.setValidity({ valueMissing: true }, messages.required, this.frame);
    else internals.setValidity({});
    internals.states[busy ? 'add' : 'delete']('busy');
    this.port?.postMessage({ disabled: this.matches(':disabled') });
  }

  formDisabledCallback() {
    this.#updateFormValue();
  }

  formResetCallback() {
    this.#updateFormValue([], false);
    this.port?.postMessage({ reset: true });
  }

  /** @param {string} state as given to setFormValue before the page was left */
  formStateRestoreCallback(state) {
    this.#restore(JSON.parse(state));
  }

  /** @param {string} reason why the form can't be sent yet; '' for none */
  setCustomValidity(reason) {
    this.#customError = reason;
    this.#updateFormValue();
  }
}

/** @param {string[]} names @param {(name: string) => PropertyDescriptor & ThisType<PosternUpload>} describe */
const define = (names, describe) => names.forEach((name) => Object.defineProperty(PosternUpload.prototype, name, describe(name)));
define(['form', 'labels', 'validity', 'validationMessage', 'willValidate'], (name) => ({ get() { return /** @type {any} */ (this.internals)[name]; } }));
define(['checkValidity', 'reportValidity'], (name) => ({ value() { return /** @type {any} */ (this.internals)[name](); } }));
define(['required', 'disabled'], (name) => ({ get() { return this.hasAttribute(name); }, set(on) { this.toggleAttribute(name, !!on); } }));
define(['name', 'profile', 'server'], (name) => ({ get() { return this.getAttribute(name) ?? ''; }, set(text) { this.setAttribute(name, text); } }));

customElements.get('postern-upload') ?? customElements.define('postern-upload', PosternUpload);
