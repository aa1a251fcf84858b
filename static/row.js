/** @import {State} from './types.d.ts' */
/** @import {List} from './list.js' */
/** @import {Upload} from './upload.js' */
import { Meter } from './words.js';

/** What can be done, where it isn't just to remove the file: first button, second button. @type {{[state in State]?: string}} */
const ACTS = {
  refused: 'another remove', preparing: ' cancel', sending: 'pause cancel', paused: 'resume cancel', offline: ' cancel',
  retrying: 'now cancel', confirming: '', failed: 'retry remove', interrupted: 'choose discard',
};
/** What is shown of a name that is too long: its end, cut where no letters join and no sign is of two halves. */
const TAIL = /[\w()\-\u4e00-\u9fff]{0,4}(\.\w{1,9})?$/;
/** Images above this are too dear to decode for a thumbnail. */
const THUMB = 12 << 20;

/** One file as a person sees it. */
export class Row {
  meter = new Meter();
  #tick = 0;

  /** @param {Upload} upload @param {List} list */
  constructor(upload, list) {
    this.upload = upload;
    this.list = list;
    this.node = /** @type {HTMLElement} */ (list.pattern.cloneNode(true));
    const [thumb, label, size, bar, state] = /** @type {[HTMLElement, HTMLElement, Node, HTMLProgressElement, Element]} */ (/** @type {unknown} */ (this.node.children));
    const { name, file } = upload;
    const cut = name.search(TAIL);
    this.thumb = thumb;
    this.bar = bar;
    const [words, acts] = state.children;
    this.said = words.children[0];
    this.code = words.children[1];
    this.acts = /** @type {HTMLElement[]} */ ([...acts.children]);
    thumb.dataset.ext = /\.(\w{1,4})$/.exec(name)?.[1] ?? '';
    label.title = bar.ariaLabel = name;
    label.children[0].textContent = name.slice(0, cut);
    label.children[1].textContent = name.slice(cut);
    size.textContent = list.words.size(upload.size);
    for (const button of this.acts) button.onclick = () => list.act(upload, button.dataset.action);
    if (!file || file.size > THUMB || !/^image\/(?!svg)/.test(file.type)) return;
    // Rows out of sight are skipped by the browser, which tells when that ends.
    const seen = /** @type {any} */ (this.node);
    seen.oncontentvisibilityautostatechange = (/** @type {any} */ { skipped }) => skipped || this.#picture(file);
  }

  /** @returns {boolean} whether it has come to another state, or to another reason for it */
  paint() {
    const { upload, node, said, bar } = this;
    const { state, code } = upload;
    clearTimeout(this.#tick);
    if (state === 'sending') this.meter.see(upload.sent, performance.now());
    else this.meter = new Meter();
    if (state === 'retrying') this.#tick = setTimeout(() => upload.changed(upload), 1000);
    const text = this.text();
    if (said.textContent !== text) said.textContent = text;
    bar.value = upload.progress;
    bar.ariaValueText = text;
    const news = state !== node.dataset.state || code !== this.code.textContent;
    this.code.textContent = code;
    this.#offer((this.#kept ? 'resume discard' : ACTS[state] ?? ' remove').split(' '));
    node.dataset.state = state;
    return news;
  }

  /** Whether the file need only be opened again, not chosen again. */
  get #kept() {
    const { state, handle, code } = this.upload;
    return state === 'interrupted' && handle && !code;
  }

  /** A button that goes leaves the focus to its row, and gets it back: never to a button that removes. @param {string[]} acts */
  #offer(acts) {
    const { node, list } = this;
    const held = /** @type {HTMLElement | null} */ (document.activeElement);
    this.acts.forEach((button, i) => {
      const act = acts[i] ?? '';
      if (button.dataset.action === act) return;
      button.hidden = !act;
      button.dataset.action = act;
      if (!act) return;
      button.textContent = list.words.say(`up.do.${act}`);
      button.ariaLabel = list.words.say('up.pair', { first: button.textContent, second: this.upload.name });
    });
    if (held === node || (held?.hidden && node.contains(held))) (acts[0] ? this.acts[0] : node)?.focus();
  }

  text() {
    const { upload, list } = this;
    const { words, queue } = list;
    const { rules } = queue.host;
    const { state, code, size, safe } = upload;
    const sending = state === 'sending';
    const values = {
      name: upload.name,
      types: rules.names,
      size: words.size(size, '', size < rules.min ? 'floor' : 'ceil'),
      max: words.size(rules.max, '', 'floor'),
      min: words.size(rules.min, '', 'ceil'),
      percent: words.percent(sending ? upload.progress : safe / (size || 1)),
      time: words.wait((upload.until - Date.now()) / 1000),
    };
    if (!code) {
      const text = words.say(`up.state.${this.#kept ? 'kept' : state}`, values);
      return sending ? words.pace(text, this.meter, size - upload.sent) : text;
    }
    const text = words.say(`up.error.${code}`, values, /^[a-z]/.test(code) ? 'up.error.refused' : 'up.error.store');
    return safe && state === 'failed' ? words.say('up.safe', { ...values, text }) : text;
  }

  /** A thumbnail, made small at once, so that the picture itself isn't kept in memory. @param {File} file */
  async #picture(file) {
    /** @type {any} */ (this.node).oncontentvisibilityautostatechange = null;
    const small = await createImageBitmap(file, { resizeHeight: 96, resizeQuality: 'medium' }).catch(() => null);
    if (!small) return;
    const canvas = document.createElement('canvas');
    canvas.width = small.width;
    canvas.height = small.height;
    canvas.getContext('bitmaprenderer')?.transferFromImageBitmap(small);
    this.thumb.append(canvas);
  }
}
