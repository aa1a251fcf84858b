/** @import {Messages} from './messages.js' */
/** @import {Queue} from './queue.js' */
/** @import {Upload} from './upload.js' */
import { Uploader } from './core.js';
import { KeptReceipts } from './kept-receipts.js';

/** Files that aren't uploaded yet and will be. */
const UNFINISHED = /chosen|waiting|preparing|sending|offline|retrying|confirming/;
/** What the server has rendered, or an earlier element whose HTML was copied. */
const RENDERED = '.postern-kept input, .postern-receipts input';

/** An uploader as a control in a form of the host's own: each finished file is a hidden input with its receipt. */
export class Field {
  /** The inputs, by file. @type {Map<Upload, HTMLInputElement>} */
  #inputs = new Map();
  /** The state of each file when it changed last. @type {WeakMap<Upload, string>} */
  #states = new WeakMap();
  #customError = '';
  /** What the server says is wrong. */
  #serverError = '';
  #due = false;
  /** @type {Messages | undefined} */
  #messages;
  #box = Object.assign(document.createElement('span'), { className: 'postern-receipts', hidden: true });
  #receipts;

  /** @param {Uploader} element @param {Queue} queue */
  constructor(element, queue) {
    this.element = element;
    this.queue = queue;
    this.#receipts = new KeptReceipts(element, queue);
    element.focus = (options) => element.input?.focus(options);
  }

  /** Takes over what the server has rendered, also when it has rendered it again. @param {Messages} messages @param {AbortSignal} signal */
  connect(messages, signal) {
    const { element } = this;
    this.#messages = messages;
    const found = /** @type {HTMLInputElement[]} */ ([...element.querySelectorAll(RENDERED)].filter((input) => !this.#box.contains(input)));
    const button = element.querySelector('[type=submit]');
    if (button || found.length) this.#receipts.render(found);
    // The button is for visitors without script. As the form's first one it would be pressed by Enter in any control.
    button?.remove();
    element.querySelectorAll('.postern-kept, .postern-receipts').forEach((list) => list.remove());
    element.append(this.#box);
    this.#serverError = element.querySelector('.postern-field-error')?.textContent || this.#serverError;
    for (const type of ['submit', 'formdata']) {
      addEventListener(type, ({ target }) => { if (target === element.internals.form) this.#receipts.send(); }, { signal, capture: true });
    }
    // A click on a label of the element is one on the element.
    element.addEventListener('click', ({ target }) => { if (target === element) element.input?.click(); }, { signal });
    this.#receipts.restore(() => this.update());
  }

  /** Updates the field soon if the state of a file has changed. @param {Upload} upload */
  schedule(upload) {
    if (this.#states.get(upload) === upload.state) return;
    this.#states.set(upload, upload.state);
    if (this.#due) return;
    this.#due = true;
    Promise.resolve().then(() => {
      this.#due = false;
      this.update();
    });
  }

  /** Updates inputs, validity and what the browser keeps. */
  update() {
    const { element } = this;
    // Another element may be in the place of one that was taken out.
    if (!element.isConnected) return;
    this.#setInputs();
    const changed = this.#receipts.keep();
    this.#setValidity();
    const error = element.querySelector('.postern-field-error');
    if (!error || !element.input) return;
    error.textContent = changed ? '' : this.#serverError;
    element.input.ariaInvalid = changed ? null : 'true';
  }

  #setInputs() {
    const { element } = this;
    const { uploads } = this.#receipts;
    for (const [upload, input] of this.#inputs) {
      if (uploads.includes(upload)) continue;
      input.remove();
      this.#inputs.delete(upload);
    }
    const [name, disabled] = [element.getAttribute('name') ?? '', element.matches(':disabled')];
    uploads.forEach((upload, i) => {
      // Browsers restore the values of inputs by their order; these are restored by whose they are.
      const input = this.#inputs.get(upload) ?? Object.assign(document.createElement('input'), { type: 'hidden', autocomplete: 'off' });
      this.#inputs.set(upload, Object.assign(input, { name, disabled, value: upload.stored?.receipt }));
      if (this.#box.children[i] !== input) this.#box.insertBefore(input, this.#box.children[i] ?? null);
    });
  }

  /** Says why the form can't be sent yet, if it can't. Files that were refused or have failed say so themselves. */
  #setValidity() {
    const { element, queue } = this;
    const { internals, input } = element;
    const states = [...queue.uploads].map((upload) => upload.state);
    const busy = this.#receipts.lookups > 0 || states.some((state) => UNFINISHED.test(state));
    const missing = this.element.hasAttribute('required') && !this.#inputs.size;
    const reason = busy ? 'busy' : states.includes('paused') ? 'paused' : missing ? 'required' : '';
    const text = this.#customError || (reason && this.#messages?.text(`upload.${reason}`)) || '';
    // A script that renders the field again may have taken the control out.
    const anchor = input && element.contains(input) ? input : undefined;
    internals.setValidity(text ? { [reason === 'required' ? 'valueMissing' : 'customError']: true } : {}, text, anchor);
    try {
      internals.states[busy ? 'add' : 'delete']('busy');
    } catch {
      // Older browsers know no states, or only names that begin with --.
    }
  }

  reset() {
    this.#receipts.reset();
    this.update();
  }

  forget() {
    this.#receipts.forget();
    this.update();
  }

  /** @param {string} reason why the form can't be sent; '' for none */
  setCustomValidity(reason) {
    this.#customError = reason;
    this.#setValidity();
  }
}

/** What every form control has. @param {string[]} names @param {(name: string) => PropertyDescriptor & ThisType<Uploader>} describe */
const define = (names, describe) => names.forEach((name) => Object.defineProperty(Uploader.prototype, name, describe(name)));
define(['form', 'labels', 'validity', 'validationMessage', 'willValidate'], (name) => ({ get() { return /** @type {any} */ (this.internals)[name]; } }));
define(['checkValidity', 'reportValidity'], (name) => ({ value() { return /** @type {any} */ (this.internals)[name](); } }));
define(['setCustomValidity'], (name) => ({ value(/** @type {string} */ reason) { /** @type {any} */ (this.field)?.[name](reason); } }));
define(['required', 'disabled'], (name) => ({ get() { return this.hasAttribute(name); }, set(on) { this.toggleAttribute(name, !!on); } }));
define(['name'], (name) => ({ get() { return this.getAttribute(name) ?? ''; }, set(text) { this.setAttribute(name, text); } }));
