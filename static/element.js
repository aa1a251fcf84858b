/** @import {Host} from './types.d.ts' */
/** @import {Found} from './intake.js' */
import { ask, receive } from './intake.js';
import { List, SLICE } from './list.js';
import { Queue, fits } from './queue.js';
import { make } from './row.js';
import { Words } from './words.js';

/**
 * <postern-uploader>: lays an uploader over the server-made form inside it. Nothing is touched before all that is needed
 * has loaded, so that the form works until then, or for good. README.md lists attributes, events and what is added.
 */
export class Uploader extends HTMLElement {
  static observedAttributes = ['disabled', 'readonly'];

  /** A ticket, or what gives one; called with true when the last one was refused. @type {string | ((renew: boolean) => string | Promise<string>)} */
  ticket = '';
  /** @type {AbortController | null} */
  attached = null;
  /** @type {Queue | null} */
  queue = null;
  /** What a host form's control says. */
  phrases = { required: '', busy: '' };
  /** @type {List | null} */
  list = null;

  async connectedCallback() {
    const { signal } = (this.attached = new AbortController());
    try {
      const answer = await fetch(this.getAttribute('catalog') ?? '', { signal });
      const words = new Words(await answer.json(), this.closest('[lang]')?.getAttribute('lang') || 'en');
      if (!signal.aborted) this.upgrade(words, signal);
    } catch (error) {
      if (!signal.aborted) console.warn('postern: the form goes on without script:', error);
    }
  }

  disconnectedCallback() {
    this.attached?.abort();
    for (const upload of this.queue?.uploads ?? []) if (upload.may('paused')) this.queue?.pause(upload);
  }

  /** @param {Words} words @param {AbortSignal} signal */
  upgrade(words, signal) {
    const form = this.querySelector('form');
    const input = /** @type {HTMLInputElement | null} */ (form?.querySelector('input[type=file]'));
    if (!form || !input) throw new Error('no form inside');
    this.input = input;
    const queue = (this.queue ??= new Queue(this.host()));
    const { rules } = queue.host;
    if (!this.list) {
      input.after(...this.doors(words, rules.types));
      this.list = new List(this, queue, words);
      queue.restore();
    }
    input.multiple = rules.many;
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.take();
      queue.start();
    }, { signal });
    input.addEventListener('change', () => this.take(), { signal });
    receive(this, signal, {
      welcome: (types) => !this.closed && !queue.full && types.some((type) => !type || fits(type, rules.types)),
      take: (found) => this.add([found]),
    });
    this.phrases = { required: words.say('up.required'), busy: words.say('up.busy') };
    this.setAttribute('ready', '');
    this.attributeChangedCallback();
    queue.host.tell('ready', {});
    this.take();
  }

  attributeChangedCallback() {
    if (this.input) this.input.disabled = this.closed;
  }

  /** @returns {Host} */
  host() {
    const number = (/** @type {string} */ name, /** @type {number} */ fallback) => Number(this.getAttribute(name) || fallback);
    const text = (/** @type {string} */ name) => this.getAttribute(name) ?? '';
    return {
      endpoint: text('endpoint'),
      profile: text('profile'),
      rules: {
        types: text('types').toLowerCase().split(',').filter(Boolean),
        names: text('type-names') || text('types'),
        min: number('min-size', 0),
        max: number('max-size', Infinity),
        many: this.hasAttribute('multiple'),
      },
      stall: number('stall', 20000),
      abreast: number('abreast', 4),
      ticket: (renew) => (typeof this.ticket === 'function' ? this.ticket(renew) : this.ticket),
      tell: (name, detail) => this.dispatchEvent(new CustomEvent(`postern:${name}`, { bubbles: true, cancelable: true, detail })),
      changed: (upload) => this.list?.mark(upload),
    };
  }

  /** Other ways in, beside the file control. @param {Words} words @param {string[]} types */
  doors(words, types) {
    const door = (/** @type {string} */ name, /** @type {object} */ settings) => {
      const button = make('button', name, words.say(`up.${name}`));
      button.onclick = () => ask(settings, (files) => this.add(files.map((file) => ({ file }))));
      return button;
    };
    const doors = [make('p', 'droptext', words.say('up.drop'))];
    if (this.hasAttribute('multiple')) doors.push(door('folder', { webkitdirectory: true }));
    const picture = ['image/jpeg', 'video/mp4'].find((type) => fits(type, types));
    if (picture && matchMedia('(pointer: coarse)').matches) doors.push(door('camera', { accept: picture.replace(/\w+$/, '*'), capture: 'environment' }));
    return doors;
  }

  /** Whether nothing may be added at present. */
  get closed() {
    return this.hasAttribute('disabled') || this.hasAttribute('readonly');
  }

  /** What has been uploaded. */
  get value() {
    const done = [...(this.queue?.uploads ?? [])].filter((upload) => upload.state === 'done');
    return done.map(({ name, stored }) => ({ name, key: stored?.key, size: stored?.size, type: stored?.type }));
  }

  /** Forgets what was uploaded, and gives up what is under way. */
  reset() {
    for (const upload of this.queue?.uploads ?? []) this.list?.act(upload, 'remove');
  }

  /** Takes over what the file control holds. */
  take() {
    const { input } = this;
    if (!input?.files?.length) return;
    const files = [...input.files];
    input.value = '';
    this.add(files.map((file) => ({ file })));
  }

  /** Adds files, and starts them unless the attribute `manual` leaves that to the button. Many are added in short turns. @param {Found[]} found */
  async add(found) {
    const { queue, input } = this;
    if (!queue || this.closed) return;
    for (let i = 0; i < found.length;) {
      const end = performance.now() + SLICE;
      do {
        const { file, handle } = found[i++];
        queue.add(file, handle);
      } while (found[i] && performance.now() < end);
      if (input) input.required = !queue.uploads.size;
      if (!this.hasAttribute('manual')) queue.start();
      if (found[i]) await new Promise((resolve) => setTimeout(resolve));
    }
  }
}
