/** @typedef {{key: string, name: string, size: number, type: string}} Uploaded */

/** What a host may set on the tag, or anywhere above it, to dress the widget. README.md says what each does. */
const THEME = ['accent', 'radius', 'font', 'surface', 'text', 'border', 'space'].map((name) => `--postern-${name}`);

/**
 * <postern-upload profile="…">: an uploader in an iframe, and a form control: its value is the keys of what was uploaded.
 * Talks to the frame by a port handed over in one handshake; no ticket is ever part of a URL.
 */
export class PosternUpload extends HTMLElement {
  static formAssociated = true;
  static observedAttributes = ['required', 'disabled', 'name', 'profile', 'server', 'lang'];

  /** A ticket, or what gives one; called with true when the last one was refused. @type {string | ((renew: boolean) => string | Promise<string>)} */
  ticket = '';
  /** @type {Uploaded[]} */
  files = [];
  busy = false;
  /** @type {MessagePort | null} */
  port = null;
  words = { required: '', busy: '' };

  constructor() {
    super();
    this.internals = this.attachInternals();
    this.frame = document.createElement('iframe');
    this.frame.style.cssText = 'display:block;border:0;width:100%;height:16rem;background:none;color-scheme:inherit';
    this.attachShadow({ mode: 'open', delegatesFocus: true }).append(this.frame);
    this.hear = this.hear.bind(this);
  }

  /** Keys of what has been uploaded. */
  get value() {
    return this.files.map((file) => file.key);
  }

  get server() {
    return new URL(`${this.getAttribute('server') ?? new URL('.', import.meta.url).href.replace(/assets\/\w+\/$/, '')}/`, location.href);
  }

  connectedCallback() {
    addEventListener('message', this.hear);
    this.load();
  }

  disconnectedCallback() {
    removeEventListener('message', this.hear);
    this.close();
  }

  /** @param {string} name @param {string | null} old @param {string | null} now */
  attributeChangedCallback(name, old, now) {
    if (old === now || !this.isConnected) return;
    if (/profile|server|lang/.test(name)) this.load();
    else this.assess();
  }

  load() {
    this.close();
    const url = new URL(`widget/${encodeURIComponent(this.getAttribute('profile') ?? '')}`, this.server.href.replace(/\/+$/, '/'));
    const lang = this.closest('[lang]')?.getAttribute('lang');
    if (lang) url.searchParams.set('lang', lang);
    this.frame.title = this.ariaLabel ?? this.getAttribute('profile') ?? '';
    this.frame.src = url.href;
  }

  close() {
    this.port?.close();
    this.port = null;
    this.settle([], false);
  }

  /** Answers our own frame, and no other window, on its own origin. @param {MessageEvent} event */
  hear({ source, origin, data }) {
    if (source !== this.frame.contentWindow || origin !== this.server.origin || data?.postern !== 'hello') return;
    this.close();
    const { port1, port2 } = new MessageChannel();
    const nonce = crypto.getRandomValues(new Uint32Array(4)).join();
    port1.onmessage = ({ data: first }) => {
      if (first?.nonce !== nonce) return port1.close();
      this.port = port1;
      this.words = first.words;
      port1.onmessage = (event) => this.receive(event.data);
      this.assess();
      return this.dress();
    };
    this.frame.contentWindow?.postMessage({ postern: 'welcome', nonce: data.nonce, answer: nonce }, origin, [port2]);
  }

  /** @param {any} message from the frame */
  async receive({ height, files, busy, ticket, event, file }) {
    if (height) this.frame.style.height = `${height}px`;
    if (files) this.settle(files, busy);
    if (event) this.dispatchEvent(new CustomEvent(`postern:${event}`, { bubbles: true, detail: file }));
    if (ticket) this.port?.postMessage({ ticket: ticket.id, value: await this.admit(ticket.renew).catch(() => '') });
  }

  /** A ticket from the property, or from whoever answers the event. @param {boolean} renew */
  async admit(renew) {
    /** @type {string | Promise<string>} */
    let given = typeof this.ticket === 'function' ? this.ticket(renew) : this.ticket;
    const answer = (/** @type {string | Promise<string>} */ value) => { given = value; };
    this.dispatchEvent(new CustomEvent('postern:ticket', { bubbles: true, detail: { renew, answer } }));
    return given;
  }

  /** Passes the host's colours on; call it after changing them. */
  dress() {
    const style = getComputedStyle(this);
    const theme = THEME.map((name) => [name, style.getPropertyValue(name)]);
    this.port?.postMessage({ theme, scheme: style.colorScheme });
  }

  /** @param {Uploaded[]} files @param {boolean} busy */
  settle(files, busy) {
    this.files = files;
    this.busy = busy;
    this.assess();
  }

  /** Tells the form what it gets, and whether that is enough. */
  assess() {
    const { internals, files, busy, words } = this;
    const data = new FormData();
    const name = this.getAttribute('name');
    if (name) for (const { key } of files) data.append(name, key);
    internals.setFormValue(data);
    const missing = this.hasAttribute('required') && !files.length;
    const native = Object.assign(document.createElement('input'), { required: true }).validationMessage;
    if (busy) internals.setValidity({ customError: true }, words.busy, this.frame);
    else if (missing) internals.setValidity({ valueMissing: true }, words.required || native, this.frame);
    else internals.setValidity({});
    internals.states[busy ? 'add' : 'delete']('busy');
    this.port?.postMessage({ disabled: this.matches(':disabled') });
  }

  formDisabledCallback() {
    this.assess();
  }

  formResetCallback() {
    this.settle([], false);
    this.port?.postMessage({ reset: true });
  }

  get validity() {
    return this.internals.validity;
  }

  get form() {
    return this.internals.form;
  }

  checkValidity() {
    return this.internals.checkValidity();
  }

  reportValidity() {
    return this.internals.reportValidity();
  }
}

customElements.get('postern-upload') ?? customElements.define('postern-upload', PosternUpload);
