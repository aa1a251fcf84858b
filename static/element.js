/** @import {Host, Stored} from './types.d.ts' */
/** @import {Found} from './intake.js' */
import { ask, receive } from './intake.js';
import { List, SLICE } from './list.js';
import { Queue, fits } from './queue.js';
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
  #attached = null;
  /** @type {Queue | null} */
  queue = null;
  /** @type {List | null} */
  list = null;

  async connectedCallback() {
    const { signal } = (this.#attached = new AbortController());
    try {
      const answer = await fetch(this.getAttribute('catalog') ?? '', { signal });
      const words = new Words(await answer.json(), /** @type {HTMLElement | null} */ (this.closest('[lang]'))?.lang);
      if (!signal.aborted) this.#upgrade(words, signal);
    } catch (error) {
      if (!signal.aborted) console.warn('postern: the form stays plain:', error);
    }
  }

  disconnectedCallback() {
    this.#attached?.abort();
    this.queue?.uploads.forEach((upload) => upload.may('paused') && this.queue?.pause(upload));
  }

  /** @param {Words} words @param {AbortSignal} signal */
  #upgrade(words, signal) {
    const form = /** @type {HTMLFormElement} */ (this.querySelector('form'));
    const input = /** @type {HTMLInputElement} */ (form.querySelector('input[type=file]'));
    this.input = input;
    const queue = (this.queue ??= new Queue(this.#host()));
    const { rules } = queue.host;
    if (!this.list) {
      this.list = new List(this, queue, words);
      queue.restore();
    }
    input.multiple = rules.many;
    // What the server has hidden works by script alone.
    for (const door of /** @type {NodeListOf<HTMLElement>} */ (form.querySelectorAll('[hidden]'))) {
      door.hidden = false;
      if (door.dataset.picker) door.onclick = async () => this.add(await ask(JSON.parse(door.dataset.picker ?? '')));
    }
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.take();
      queue.start();
    }, { signal });
    input.addEventListener('change', () => this.take(), { signal });
    receive(this, signal, {
      welcome: (types) => !this.closed && !queue.full && types.some((type) => !type || fits(type, rules.types)),
      take: (file) => this.add([file]),
    });
    this.setAttribute('ready', '');
    this.attributeChangedCallback();
    queue.host.tell('ready', {});
    this.take();
  }

  attributeChangedCallback() {
    if (this.input) this.input.disabled = this.closed;
  }

  /** @returns {Host} */
  #host() {
    const text = (/** @type {string} */ name) => this.getAttribute(name) ?? '';
    return {
      endpoint: text('endpoint'),
      profile: text('profile'),
      rules: {
        types: text('types').toLowerCase().split(',').filter(Boolean),
        names: text('type-names'),
        min: +text('min-size'),
        max: +text('max-size') || Infinity,
        many: this.hasAttribute('multiple'),
      },
      stall: +text('stall') || 20000,
      abreast: +text('abreast') || 4,
      ticket: (renew) => (typeof this.ticket === 'function' ? this.ticket(renew) : this.ticket),
      tell: (name, detail) => this.dispatchEvent(new CustomEvent(`postern:${name}`, { bubbles: true, cancelable: true, detail })),
      changed: (upload) => this.list?.mark(upload),
    };
  }

  /** Whether nothing may be added at present. */
  get closed() {
    return this.matches('[disabled], [readonly]');
  }

  /** What has been uploaded. */
  get value() {
    const done = [...(this.queue?.uploads ?? [])].filter((upload) => upload.state === 'done');
    return done.map(({ name, stored }) => {
      const { key, size, type } = /** @type {Stored} */ (stored);
      return { name, key, size, type };
    });
  }

  /** Forgets what was uploaded, and gives up what is under way. */
  reset() {
    this.queue?.uploads.forEach((upload) => this.list?.act(upload, 'discard'));
  }

  /** Takes over what the file control holds. */
  take() {
    const { input } = this;
    if (!input?.files?.length) return;
    const files = [...input.files];
    input.value = '';
    this.add(files);
  }

  /** Adds files, and starts them unless the attribute `manual` leaves that to the button. Many are added in short turns. @param {Found[]} found */
  async add(found) {
    const { queue, input } = this;
    if (!queue || this.closed) return;
    for (let i = 0;;) {
      const end = performance.now() + SLICE;
      for (; found[i] && performance.now() < end; i++) queue.add(found[i]);
      if (input) input.required = !queue.uploads.size;
      if (!this.hasAttribute('manual')) queue.start();
      if (!found[i]) return;
      await new Promise((resolve) => setTimeout(resolve));
    }
  }
}
