/** @import {QueueOptions, Stored, Uploaded} from './types.d.ts' */
/** @import {PickedFile} from './file-sources.js' */
import { listenForFiles, pickFiles } from './file-sources.js';
import { List, TURN } from './list.js';
import { Messages } from './messages.js';
import { Queue, includesType } from './queue.js';

/**
 * <postern-uploader>: enhances the form that the server rendered inside it. The form is changed only after everything has loaded, so
 * that it works until then, or without any of it. README.md lists attributes and events.
 */
export class Uploader extends HTMLElement {
  static observedAttributes = ['disabled', 'readonly'];

  /** @type {string | ((renew: boolean) => string | Promise<string>)} */
  #ticket = '';
  /** @type {Queue | null} */
  queue = null;
  /** @type {List | null} */
  list = null;
  /** Removes the listeners. @type {AbortController | null} */
  #controller = null;

  async connectedCallback() {
    const { signal } = (this.#controller = new AbortController());
    for (const target of [this, window]) target.addEventListener('postern:forget', () => this.forget(), { signal });
    try {
      const response = await fetch(this.getAttribute('catalog') ?? '', { signal });
      const messages = new Messages(await response.json(), /** @type {HTMLElement | null} */ (this.closest('[lang]'))?.lang);
      if (!signal.aborted) this.#enhance(messages, signal);
    } catch (error) {
      if (!signal.aborted) console.warn('postern: no uploader:', error);
    }
  }

  disconnectedCallback() {
    this.#controller?.abort();
    this.queue?.uploads.forEach((upload) => upload.canMove('paused') && this.queue?.pause(upload));
  }

  /** @param {Messages} messages @param {AbortSignal} signal */
  #enhance(messages, signal) {
    const input = /** @type {HTMLInputElement} */ (this.querySelector('input[type=file]'));
    const form = /** @type {HTMLFormElement} */ (input.form);
    this.input = input;
    const queue = (this.queue ??= new Queue(this.#options()));
    const { rules } = queue.options;
    if (!this.list) {
      this.list = new List(this, queue, messages);
      // An embedded form gets its ticket first, by widget.js.
      if (!this.hasAttribute('embedded')) queue.restore();
    }
    input.multiple = rules.multiple;
    // The server hides what works only with script.
    for (const hidden of /** @type {NodeListOf<HTMLElement>} */ (this.querySelectorAll('form[hidden], form [hidden]'))) {
      hidden.hidden = false;
      const { picker } = hidden.dataset;
      if (picker) hidden.onclick = async () => this.add(await pickFiles(JSON.parse(picker)));
    }
    // And disables what can't be sent without.
    for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (form.querySelectorAll('button:disabled'))) button.disabled = false;
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#addFromInput();
      queue.start();
    }, { signal });
    input.addEventListener('change', () => this.#addFromInput(), { signal });
    this.list.hideWhileCached(signal);
    listenForFiles(this, signal, {
      accepts: (types) => !this.#closed && !queue.full && types.some((type) => !type || includesType(rules.types, type)),
      add: (file) => this.add([file]),
    });
    this.setAttribute('ready', '');
    this.attributeChangedCallback();
    queue.options.emit('ready', {});
    this.#addFromInput();
  }

  /** A ticket, or a function that returns one; called with true when the last one was refused. Set it again when another person logs in. */
  get ticket() {
    return this.#ticket;
  }

  set ticket(ticket) {
    this.#ticket = ticket;
    this.queue?.restore(true);
  }

  /**
   * Forgets the person: stops all uploads, empties the list, and removes what is saved of that person's unfinished uploads in this
   * browser. Hosts call it at a logout, while the ticket is still good, or dispatch the event `postern:forget` on the element or on the
   * window; the promise is resolved when everything is removed.
   */
  async forget() {
    const queue = (this.queue ??= new Queue(this.#options()));
    const forgotten = queue.forget();
    this.removeAttribute('owners');
    await forgotten;
  }

  attributeChangedCallback() {
    if (this.input) this.input.disabled = this.#closed;
  }

  /** @returns {QueueOptions} */
  #options() {
    const text = (/** @type {string} */ name) => this.getAttribute(name) ?? '';
    return {
      endpoint: text('endpoint'),
      profile: text('profile'),
      rules: {
        types: text('types').toLowerCase().split(',').filter(Boolean),
        typeNames: text('type-names'),
        min: +text('min-size'),
        max: +text('max-size') || Infinity,
        multiple: this.hasAttribute('multiple'),
      },
      stall: +text('stall') || 20000,
      concurrency: +text('concurrency') || 4,
      ticket: (renew) => (typeof this.ticket === 'function' ? this.ticket(renew) : this.ticket),
      owners: () => text('owners').split(' ').filter(Boolean),
      emit: (name, detail) => this.dispatchEvent(new CustomEvent(`postern:${name}`, { bubbles: true, cancelable: true, detail })),
      onChange: (upload) => this.list?.schedule(upload),
    };
  }

  /** Whether no file may be added at present. */
  get #closed() {
    return this.matches('[disabled], [readonly]');
  }

  /** What has been uploaded: the server's answers, with name and owner's mark. @returns {Uploaded[]} */
  get value() {
    const done = [...(this.queue?.uploads ?? [])].filter((upload) => upload.state === 'done');
    return done.map(({ name, stored, owner }) => ({ .../** @type {Stored} */ (stored), name, owner }));
  }

  /** Removes all files from the list, and cancels those that are being uploaded. */
  reset() {
    this.queue?.uploads.forEach((upload) => this.list?.run(upload, 'discard'));
  }

  /** Moves files from the file control to the list. */
  #addFromInput() {
    const { input } = this;
    if (!input?.files?.length) return;
    const files = [...input.files];
    input.value = '';
    this.add(files);
  }

  /** Adds files, and starts them unless the attribute `manual` leaves that to the button. @param {PickedFile[]} files */
  async add(files) {
    const { queue, input } = this;
    if (!queue || this.#closed) return;
    for (let i = 0;;) {
      const end = performance.now() + TURN;
      for (; files[i] && performance.now() < end; i++) queue.add(files[i]);
      if (input) input.required = !queue.uploads.size;
      if (!this.hasAttribute('manual')) queue.start();
      if (!files[i]) return;
      await new Promise((resolve) => setTimeout(resolve));
    }
  }
}
