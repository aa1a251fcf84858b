/** @import {Field} from './field.js' */
/** @import {PickedFile} from './file-sources.js' */
/** @import {Queue} from './queue.js' */
/** @import {Stored, Uploaded} from './types.d.ts' */
/** @import {Upload} from './upload.js' */
import { Messages } from './messages.js';

/**
 * An element whose content the server has rendered, and which is enhanced once everything has loaded. It may be moved, and its content
 * rendered again, at any time. With a name it is a control in a form of the host's own.
 */
export class FormElement extends HTMLElement {
  static formAssociated = true;
  internals = this.attachInternals();
  /** @type {Queue | null} */
  queue = null;
  /** The control in a form of the host's own. @type {Field | null} */
  field = null;
  /** What the field had when the page was left. */
  restored = '';
  /** Removes the listeners. @type {AbortController | null} */
  #controller = null;
  /** What was paused because the element has left the page. @type {Upload[]} */
  #paused = [];

  async connectedCallback() {
    // It may have been moved: then everything is as it was.
    if (this.#controller) return;
    const { signal } = (this.#controller = new AbortController());
    for (const target of [this, window]) target.addEventListener('postern:forget', () => this.forget(), { signal });
    try {
      const module = this.hasAttribute('name') ? import('./field.js') : null;
      const response = await fetch(this.getAttribute('catalog') ?? '', { signal });
      const messages = new Messages(await response.json(), /** @type {HTMLElement | null} */ (this.closest('[lang]'))?.lang);
      const Control = (await module)?.Field;
      if (!signal.aborted) this.enhance(messages, signal, Control);
    } catch (error) {
      if (!signal.aborted) console.warn('postern: no uploader:', error);
    }
    for (const upload of this.#paused.splice(0)) if (upload.state === 'paused') this.queue?.resume(upload);
  }

  async disconnectedCallback() {
    await null;
    if (this.isConnected) return;
    this.#stop();
    this.queue?.uploads.forEach((upload) => {
      if (!upload.canMove('paused')) return;
      this.#paused.push(upload);
      this.queue?.pause(upload);
    });
  }

  #stop() {
    this.#controller?.abort();
    this.#controller = null;
  }

  /** Called when a script has made the element equal to another rendering, which takes out what was added. */
  async restart() {
    this.#stop();
    await null;
    if (this.isConnected) this.connectedCallback();
  }

  /** What has been uploaded: the server's answers, with name and owner's mark. @returns {Uploaded[]} */
  get value() {
    const done = [...(this.queue?.uploads ?? [])].filter((upload) => upload.state === 'done');
    return done.map(({ name, stored, owner }) => ({ .../** @type {Stored} */ (stored), name, owner }));
  }

  /** Whether no file may be added at present. */
  get closed() { return this.matches(':disabled, [disabled], [readonly]'); }

  /** Whether somebody is given what was uploaded: the form of a host, the page around a widget, or where the profile's `redirect` leads. There the same file may be wanted again. */
  get passesOn() {
    return this.matches('[name], [embedded], [redirect]');
  }

  /** Of the choice whose files are added now: what findSent returns. @type {((file: PickedFile) => boolean) | null} */
  #maybeSent = null;

  /** Looks through what is listed and kept once for a choice, of however many files. @param {boolean} goesOn whether earlier files of it were added @returns {(file: PickedFile) => boolean} whether a file may have been sent before; to tell that for sure it has to be read */
  findSent(goesOn) {
    return (this.#maybeSent = (goesOn && this.#maybeSent) || this.#lookThrough());
  }

  /** @returns {(file: PickedFile) => boolean} */
  #lookThrough() {
    const { uploads, saved } = /** @type {Queue} */ (this.queue);
    const listed = new Set([...uploads].map((upload) => saved.file(upload)));
    let kept = false;
    try {
      kept = !this.passesOn && [...Object.keys(sessionStorage), ...Object.keys(localStorage)].some((key) => key.startsWith('postern-done '));
    } catch {
      // There is no storage, and nothing in it.
    }
    return (file) => {
      const name = saved.file(file); // asks the disk for size and date
      const maybeSent = kept || listed.has(name);
      listed.add(name);
      return maybeSent;
    };
  }

  /** @abstract @param {Messages} _messages @param {AbortSignal} _signal @param {typeof Field} [_Control] of an element that is a control */
  enhance(_messages, _signal, _Control) {}
  /** @abstract @returns {Promise<void>} */
  async forget() {}

  /** Called for moveBefore in place of the first two. */
  connectedMoveCallback() {}
  formResetCallback() { this.field?.reset(); }
  /** @param {string} state as the field gave it to the browser */
  formStateRestoreCallback(state) { this.restored = state; }
}
