/** @import {Algorithm, QueueOptions} from './types.d.ts' */
/** @import {PickedFile} from './file-sources.js' */
/** @import {Field} from './field.js' */
/** @import {Messages} from './messages.js' */
import { listenForFiles, pickFiles } from './file-sources.js';
import { FormElement } from './form-element.js';
import { loadChecksums } from './large-files.js';
import { List, TURN } from './list.js';
import { Queue } from './queue.js';
import { includesType } from './rules.js';

/** <postern-uploader>: enhances the form that the server rendered inside it, once everything has loaded: until then, or without any of it, the form works as it is. README.md lists attributes and events. */
export class Uploader extends FormElement {
  static observedAttributes = ['disabled', 'readonly', 'required', 'ready'];

  /** @type {string | ((renew: boolean) => string | Promise<string>)} */
  #ticket = '';
  /** Resolved when all choices so far are in the list: looking whether a file was sent before takes a while, and a later choice must not come first. */
  #added = Promise.resolve();
  #forgotten = 0; // how often a person was: what was chosen before isn't added any more
  /** @type {List | null} */
  list = null;

  /** @override @param {Messages} messages @param {AbortSignal} signal @param {typeof Field} [Control] */
  enhance(messages, signal, Control) {
    const input = /** @type {HTMLInputElement} */ (this.querySelector('input[type=file]'));
    const queue = (this.queue ??= new Queue(this.#options()));
    this.input = input;
    const { rules } = queue.options;
    if (!this.list) {
      this.list = new List(this, queue, messages);
      // An embedded form gets its ticket first, by widget.js.
      if (!this.hasAttribute('embedded')) queue.restore();
    }
    this.list.attach();
    input.multiple = queue.limit > 1;
    // The server hides what works only with script.
    for (const hidden of /** @type {NodeListOf<HTMLElement>} */ (this.querySelectorAll(':scope > form[hidden], :scope > :is(form, .postern-form) [hidden]'))) {
      hidden.hidden = false;
      const { picker } = hidden.dataset;
      if (picker) hidden.onclick = async () => this.add(await pickFiles(JSON.parse(picker)));
    }
    // And disables what can't be sent without. In a form of the host's own that is the host's matter.
    if (Control) (this.field ??= new Control(this, queue)).connect(messages, signal);
    else for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (this.querySelectorAll('button:disabled'))) button.disabled = false;
    if (!Control) input.form?.addEventListener('submit', async (event) => {
      event.preventDefault();
      this.#addFromInput();
      await this.#added;
      queue.start();
    }, { signal });
    input.addEventListener('change', () => this.#addFromInput(), { signal });
    this.list.hideWhileCached(signal);
    if (this.matches('[redirect]:not([embedded])')) this.addEventListener('postern:change', () => import('./continue.js').then(({ showContinue }) => showContinue(this)), { signal });
    listenForFiles(this, signal, {
      accepts: (types) => !this.closed && !this.hasAttribute('full') && types.some((type) => /^$|\/octet-stream$/.test(type) || includesType(rules.types, type)),
      add: (file, index) => this.add([file], index),
    });
    // Before a file is chosen that needs them.
    if (this.hasAttribute('accept-metadata')) import('./metadata.js').catch(() => {});
    loadChecksums(queue.options.checksum, rules.max);
    this.setAttribute('ready', '');
    this.attributeChangedCallback();
    queue.options.emit('ready', {});
    this.#addFromInput();
  }

  /** A ticket, or a function that returns one; called with true when the last one was refused. Set it again when another person logs in. */
  get ticket() { return this.#ticket; }
  set ticket(ticket) {
    this.#ticket = ticket;
    this.queue?.restore(true);
  }

  /**
   * Forgets the person: stops all uploads, empties the list, and removes what is saved of that person's unfinished uploads in this
   * browser. Hosts call it at a logout, while the ticket is still good, or dispatch the event `postern:forget` on the element or on the
   * window; the promise is resolved when everything is removed.
   * @override
   */
  async forget() {
    const queue = (this.queue ??= new Queue(this.#options()));
    const forgotten = queue.forget();
    this.#forgotten++;
    this.removeAttribute('owners');
    this.field?.forget();
    import('./same-file.js').then(({ forgetAll }) => forgetAll(), () => {});
    await forgotten;
  }

  /** @param {string} [name] @param {string | null} [_old] @param {string | null} [now] */
  attributeChangedCallback(name, _old, now) {
    // A script that makes the page equal to another rendering takes out what we have added.
    if (name === 'ready' && now === null) this.restart();
    if (this.input) this.input.disabled = this.closed;
    this.field?.update();
  }

  formDisabledCallback() { this.attributeChangedCallback(); }

  /** @returns {QueueOptions} */
  #options() {
    const text = (/** @type {string} */ name) => this.getAttribute(name) ?? '';
    return {
      endpoint: text('endpoint'),
      profile: text('profile'),
      field: this.hasAttribute('name') ? `#${encodeURIComponent(text('name'))}` : '',
      rules: {
        types: text('types').toLowerCase().split(',').filter(Boolean),
        typeNames: text('type-names'),
        min: +text('min-size'),
        max: +text('max-size') || Infinity,
        multiple: this.hasAttribute('multiple'),
        maxFiles: +text('max-files'),
      },
      metadata: async ({ file }) => (this.hasAttribute('accept-metadata') ? (await import('./metadata.js')).metadataOf(this, file) : undefined),
      removable: +text('removable'),
      checksum: /** @type {Algorithm | ''} */ (text('checksum')),
      stall: +text('stall') || 20000,
      concurrency: +text('concurrency') || 6,
      ticket: (renew) => (typeof this.ticket === 'function' ? this.ticket(renew) : this.ticket),
      owners: () => text('owners').split(' ').filter(Boolean),
      emit: (name, detail) => this.dispatchEvent(new CustomEvent(`postern:${name}`, { bubbles: true, cancelable: true, detail })),
      onChange: (upload) => { this.list?.schedule(upload); this.field?.schedule(upload); },
    };
  }

  /** Removes all files from the list, and cancels those that are being uploaded. */
  reset() {
    this.queue?.uploads.forEach((upload) => this.list?.run(upload, upload.state === 'done' ? 'clear' : 'discard'));
  }

  /** Moves files from the file control to the list. */
  #addFromInput() {
    const { input } = this;
    if (!input?.files?.length) return;
    const files = [...input.files];
    input.value = '';
    this.add(files);
  }

  /**
   * Adds files, and starts them unless the attribute `manual` leaves that to the button. Where only one file is allowed, the first one of
   * a choice replaces the one that is there.
   * @param {PickedFile[]} files @param {number} [index] of the first one in its choice
   */
  add(files, index = 0) {
    const forgotten = this.#forgotten;
    return (this.#added = this.#added.catch(() => {}).then(() => this.#addNext(files, index, forgotten)));
  }

  /** @param {PickedFile[]} files @param {number} index @param {number} forgotten what #forgotten was when they were chosen */
  async #addNext(files, index, forgotten) {
    const { queue, input } = this;
    if (!queue || this.closed) return;
    const maybeSent = this.findSent(index > 0);
    for (let i = 0;;) {
      const end = performance.now() + TURN;
      for (; files[i] && performance.now() < end; i++) {
        const sent = maybeSent(files[i]) ? await import('./same-file.js').then(({ sentBefore }) => sentBefore(this, files[i])).catch(() => '') : '';
        if (forgotten !== this.#forgotten) return;
        if (sent !== null) queue.add(files[i], i + index === 0, sent);
      }
      if (input && !this.field) input.required = !queue.uploads.size;
      if (!this.hasAttribute('manual')) queue.start();
      if (!files[i]) return;
      await new Promise((resolve) => setTimeout(resolve));
    }
  }
}
