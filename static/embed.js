/** @typedef {{key: string, name: string, size: number, type: string}} Uploaded */
/** @typedef {string | Promise<string>} Ticket */

/** What a host may set on the tag, or anywhere above it, to dress the widget. README.md says what each does. */
const THEME = ['accent', 'radius', 'font', 'surface', 'text', 'border', 'space'].map((name) => `--postern-${name}`);

/** <postern-upload profile="…">: an uploader in an iframe, and a form control: its value is the keys of what was uploaded. */
export class PosternUpload extends HTMLElement {
  static formAssociated = true;
  static observedAttributes = ['required', 'disabled', 'name', 'profile', 'server', 'lang'];

  /** A ticket, or what gives one; called with true when the last one was refused. @type {string | ((renew: boolean) => Ticket)} */
  ticket = '';
  /** What has been uploaded. It outlives the frame, and comes back with a page that was left. @type {Uploaded[]} */
  files = [];
  objection = '';
  /** @type {MessagePort | null} */
  port = null;
  /** The nonce that the frame has to answer with. */
  awaited = '';
  /** What is missing, in the browser's words until the frame has better ones. */
  words = { required: Object.assign(document.createElement('input'), { required: true }).validationMessage, busy: '' };

  constructor() {
    super();
    this.internals = this.attachInternals();
    this.frame = document.createElement('iframe');
    // A transition that nobody sees: that it begins tells of the host's new colours.
    this.frame.style.cssText = `display:block;border:0;width:100%;height:15.75rem;background:none;color-scheme:inherit;transition:1ms allow-discrete;transition-property:color-scheme,${THEME}`;
    this.frame.ontransitionrun = () => this.dress();
    this.attachShadow({ mode: 'open', delegatesFocus: true }).append(this.frame);
  }

  /** Keys of what has been uploaded. */
  get value() {
    return this.files.map((file) => file.key);
  }

  /** Where Postern is; where this module came from unless the attribute says otherwise. */
  get base() {
    const server = this.getAttribute('server') ?? new URL('.', import.meta.url).href.replace(/assets\/\w+\/$/, '');
    return new URL(server.replace(/\/*$/, '/'), location.href);
  }

  connectedCallback() {
    addEventListener('message', this);
    this.load();
  }

  /** Moved by moveBefore: the frame goes on. */
  connectedMoveCallback() {}

  disconnectedCallback() {
    removeEventListener('message', this);
    this.close();
  }

  /** @param {string} name @param {string | null} old @param {string | null} now */
  attributeChangedCallback(name, old, now) {
    if (old === now) return;
    const elsewhere = /profile|server/.test(name);
    if (elsewhere) this.files = [];
    if (this.isConnected && (elsewhere || name === 'lang')) this.load();
    else this.assess();
  }

  load() {
    this.close();
    const url = new URL(`widget/${encodeURIComponent(this.getAttribute('profile') ?? '')}`, this.base);
    const lang = this.closest('[lang]')?.getAttribute('lang');
    if (lang) url.searchParams.set('lang', lang);
    const label = [...(this.ariaLabelledByElements ?? []), ...this.internals.labels][0]?.textContent?.trim();
    this.frame.title = this.ariaLabel ?? label ?? this.getAttribute('profile') ?? '';
    this.frame.src = url.href;
  }

  close() {
    this.port?.close();
    this.port = null;
    this.awaited = '';
    this.assess(this.files, false);
  }

  /** Gives a port to our own frame on its own origin, and to no other window: tickets go that way, never by a URL. @param {MessageEvent} event */
  handleEvent({ source, origin, data }) {
    if (source !== this.frame.contentWindow || origin !== this.base.origin || data?.postern !== 'hello') return;
    this.close();
    const { port1, port2 } = new MessageChannel();
    this.awaited = crypto.getRandomValues(new Uint32Array(4)).join();
    port1.onmessage = ({ data: first }) => {
      if (first?.nonce !== this.awaited) return port1.close();
      this.port = port1;
      this.words = first.words;
      port1.onmessage = (event) => this.receive(event.data, port1);
      this.recall(this.files);
      return this.dress();
    };
    this.frame.contentWindow?.postMessage({ postern: 'welcome', nonce: data.nonce, answer: this.awaited }, origin, [port2]);
  }

  /** @param {any} message from the frame @param {MessagePort} port to it: by the time of an answer there may be another frame */
  async receive({ height, files, busy, ticket, event, file }, port) {
    if (height) this.frame.style.height = `${height}px`;
    if (files) this.assess(files, busy);
    if (event) this.dispatchEvent(new CustomEvent(`postern:${event}`, { bubbles: true, detail: file }));
    if (ticket) port.postMessage({ ticket: { ...ticket, value: await this.admit(ticket.renew).catch(reportError) } });
  }

  /** A ticket from the property, or from whoever answers the event. @param {boolean} renew */
  async admit(renew) {
    let given = typeof this.ticket === 'function' ? this.ticket(renew) : this.ticket;
    const detail = { renew, answer: (/** @type {Ticket} */ value) => { given = value; } };
    this.dispatchEvent(new CustomEvent('postern:ticket', { bubbles: true, detail }));
    return `${(await given) ?? ''}`;
  }

  dress() {
    const style = getComputedStyle(this);
    const theme = THEME.map((name) => [name, style.getPropertyValue(name)]);
    this.port?.postMessage({ theme, scheme: style.colorScheme });
  }

  /** Takes files for uploaded, and has the frame show them. @param {Uploaded[]} files */
  recall(files) {
    this.assess(files, false);
    this.port?.postMessage({ files });
  }

  /** Tells the form what it gets, and whether that is enough. */
  assess(files = this.files, busy = this.internals.states.has('busy'), objection = this.objection) {
    const { internals, words, frame } = Object.assign(this, { files, objection });
    const data = new FormData();
    const name = this.getAttribute('name');
    if (name) for (const { key } of files) data.append(name, key);
    internals.setFormValue(data, JSON.stringify(files));
    if (objection || busy) internals.setValidity({ customError: true }, objection || words.busy, frame);
    else if (this.hasAttribute('required') && !files.length) internals.setValidity({ valueMissing: true }, words.required, frame);
    else internals.setValidity({});
    internals.states[busy ? 'add' : 'delete']('busy');
    this.port?.postMessage({ disabled: this.matches(':disabled') });
  }

  formDisabledCallback() {
    this.assess();
  }

  formResetCallback() {
    this.assess([], false);
    this.port?.postMessage({ reset: true });
  }

  /** @param {string} state as setFormValue got it, before the page was left or loaded anew */
  formStateRestoreCallback(state) {
    this.recall(JSON.parse(state));
  }

  /** @param {string} reason why the form can't be sent yet; '' for none */
  setCustomValidity(reason) {
    this.assess(undefined, undefined, reason);
  }
}

/** @param {string[]} names @param {(name: string) => PropertyDescriptor & ThisType<PosternUpload>} describe */
const define = (names, describe) => names.forEach((name) => Object.defineProperty(PosternUpload.prototype, name, describe(name)));
define(['form', 'labels', 'validity', 'validationMessage', 'willValidate'], (name) => ({ get() { return /** @type {any} */ (this.internals)[name]; } }));
define(['checkValidity', 'reportValidity'], (name) => ({ value() { return /** @type {any} */ (this.internals)[name](); } }));
define(['required', 'disabled'], (name) => ({ get() { return this.hasAttribute(name); }, set(on) { this.toggleAttribute(name, !!on); } }));
define(['name', 'profile', 'server'], (name) => ({ get() { return this.getAttribute(name) ?? ''; }, set(text) { this.setAttribute(name, text); } }));

customElements.get('postern-upload') ?? customElements.define('postern-upload', PosternUpload);
