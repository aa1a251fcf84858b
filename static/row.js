/** @import {State} from './types.d.ts' */
/** @import {PickedFile} from './file-sources.js' */
/** @import {List} from './list.js' */
/** @import {Upload} from './upload.js' */
import { SpeedMeter } from './messages.js';

/** The actions of a row's two buttons in each state; elsewhere ' remove': only the second button, which removes. @type {{[state in State | 'repeated']?: string}} */
const ACTIONS = {
  refused: 'replace remove', preparing: ' cancel', sending: 'pause cancel', paused: 'resume cancel', offline: ' cancel',
  retrying: 'retry_now cancel', confirming: '', failed: 'retry remove', interrupted: 'choose discard', repeated: 'again clear',
};
/** States in which the bar tells nothing. */
const AT_REST = /refused|failed|interrupted|repeated|done/;
/** The end of a long name that is always shown. It begins where no letters join and inside no surrogate pair. */
const NAME_END = /[\w()\-\u4e00-\u9fff]{0,4}(\.\w{1,9})?$/;
/** Larger images take too long to decode for a thumbnail. */
const MAX_IMAGE_BYTES = 12 << 20;

/** The state as the row shows it: a file that was sent before needs nobody; it is sent again only if the person asks for it. @param {Upload} upload */
export const shownState = ({ state, code }) => (/^already_(listed|uploaded)/.test(code) ? 'repeated' : state);

/**
 * Shows a name as one text. Where it is too long, the stylesheet shows its end once more, at the end of the line, as content that is
 * neither found, nor copied, nor read aloud.
 * @param {HTMLElement} label @param {string} name
 */
export function showName(label, name) {
  const [line, text, end] = [1, 2, 3].map(() => document.createElement('span'));
  label.role = 'none'; // its title, which is for the mouse, isn't read beside the text
  label.title = line.dataset.name = name;
  end.dataset.end = `…${name.slice(name.search(NAME_END))}`;
  end.ariaHidden = 'true';
  text.append(end, name);
  line.append(text);
  label.append(line);
}

/** The name of the folder that a file was chosen or dropped with; undefined for a file on its own. @param {Upload} upload */
export const folderOf = ({ file }) => /^([^/]+)\//.exec(/** @type {PickedFile | null} */ (file)?.path || file?.webkitRelativePath || '')?.[1];

/** The row of one file. */
export class Row {
  meter = new SpeedMeter();
  #timer = 0;
  #upload;
  #list;
  #bar;
  #text;
  #code;
  #thumbnail;
  /** @type {HTMLElement[]} */
  #buttons;

  /** @param {Upload} upload @param {List} list */
  constructor(upload, list) {
    this.#upload = upload;
    this.#list = list;
    this.node = /** @type {HTMLElement} */ (list.rowTemplate.cloneNode(true));
    const [thumbnail, label, size, bar, state] = /** @type {[HTMLElement, HTMLElement, Node, HTMLProgressElement, Element]} */ (/** @type {unknown} */ (this.node.children));
    const { name, file } = upload;
    this.folder = folderOf(upload);
    this.#thumbnail = thumbnail;
    this.#bar = bar;
    const [texts, buttons] = state.children;
    [this.#text, this.#code] = texts.children;
    this.#buttons = /** @type {any} */ ([...buttons.children]);
    thumbnail.dataset.ext = /\.(\w{1,4})$/.exec(name)?.[1] ?? '';
    bar.ariaLabel = list.messages.text('upload.progress');
    showName(label, name);
    size.textContent = list.messages.size(upload.size);
    for (const button of this.#buttons) button.onclick = () => list.run(upload, button.dataset.action);
    if (!file || upload.size > MAX_IMAGE_BYTES || !/^image\/(?!svg)/.test(file.type)) return;
    new IntersectionObserver((seen, observer) => {
      if (!seen.some((entry) => entry.isIntersecting)) return;
      observer.disconnect();
      this.#showThumbnail(file);
    }).observe(this.node);
  }

  /** @returns {boolean} whether the state has changed, or the reason for it */
  update() {
    const { node } = this;
    const upload = this.#upload;
    const { state, code } = upload;
    clearTimeout(this.#timer);
    if (state === 'sending') this.meter.update(upload.sentBytes, performance.now());
    else this.meter = new SpeedMeter();
    if (state === 'retrying') this.#timer = setTimeout(() => upload.onChange(upload), 1000);
    const text = this.text();
    if (this.#text.textContent !== text) this.#text.textContent = text;
    this.#bar.value = upload.progress;
    const shown = shownState(upload);
    // The text says the rest.
    this.#bar.ariaValueText = this.#list.messages.percent(upload.progress);
    this.#bar.ariaHidden = `${AT_REST.test(shown)}`;
    const changed = shown !== node.dataset.state || code !== this.#code.textContent;
    this.#code.textContent = code;
    const done = state === 'done';
    const remove = done && upload.removableUntil <= Date.now() ? ' clear' : ' remove';
    this.#showActions((this.#canReopen ? 'resume discard' : ACTIONS[shown] ?? remove).split(' '));
    if (done && (upload.removableUntil || upload.stored?.url)) import('./accepted.js').then(({ showLink }) => showLink(node, upload, this.#list.messages));
    node.dataset.state = shown;
    upload.diagnosis?.show(node, this.#list.messages);
    return changed;
  }

  /** Whether the file can be opened again by its handle and needn't be chosen. */
  get #canReopen() {
    const { state, handle, code } = this.#upload;
    return state === 'interrupted' && handle && !code;
  }

  /** When the focused button disappears, the row gets the focus, and later the first button: never one that removes. @param {string[]} actions */
  #showActions(actions) {
    const { node } = this;
    const { messages } = this.#list;
    const focused = /** @type {HTMLElement | null} */ (document.activeElement);
    this.#buttons.forEach((button, i) => {
      const action = actions[i] ?? '';
      if (button.dataset.action === action) return;
      button.hidden = !action;
      button.dataset.action = action;
      if (!action) return;
      button.textContent = messages.text(`upload.action.${action}`);
      button.ariaLabel = messages.text('upload.action_label', { action: button.textContent, name: this.#upload.name });
    });
    if (focused === node || (focused?.hidden && node.contains(focused))) (actions[0] ? this.#buttons[0] : node)?.focus();
  }

  /** What the row says about its file. */
  text() {
    const upload = this.#upload;
    const { messages, queue } = this.#list;
    const { rules } = queue.options;
    const { state, code, size, storedBytes } = upload;
    const sending = state === 'sending';
    const values = {
      name: upload.name,
      types: rules.typeNames,
      // Made only for texts that name them.
      get size() { return messages.size(size, '', size < rules.min ? 'floor' : 'ceil'); },
      get max() { return messages.size(rules.max, '', 'floor'); },
      get min() { return messages.size(rules.min, '', 'ceil'); },
      get percent() { return messages.percent(sending ? upload.progress : storedBytes / (size || 1)); },
      get time() { return messages.countdown((upload.retryAt - Date.now()) / 1000); },
    };
    if (code === 'too_many') return messages.plural(`upload.error.${code}`, queue.limit, values);
    if (!code) {
      const text = messages.text(`upload.error.${upload.diagnosis?.shown}`, values, `upload.state.${this.#canReopen ? 'resumable' : state === 'preparing' && upload.elsewhere ? 'elsewhere' : state}`);
      return sending ? messages.withSpeed(text, this.meter, size - upload.sentBytes) : text;
    }
    const text = messages.text(`upload.error.${code}`, values, /^[a-z]/.test(code) ? 'upload.error.refused' : 'upload.error.store');
    // What was sent whole is refused as a whole.
    return storedBytes && storedBytes < size && state === 'failed' ? messages.text('upload.failed_part_way', { ...values, text }) : text;
  }

  /** Draws a small copy of an image that is in sight, so that the image itself isn't kept in memory. @param {File} file */
  async #showThumbnail(file) {
    const image = await createImageBitmap(file, { resizeHeight: 96, resizeQuality: 'medium' }).catch(() => null);
    if (!image) return;
    const canvas = document.createElement('canvas');
    canvas.width = image.width;
    canvas.height = image.height;
    canvas.getContext('bitmaprenderer')?.transferFromImageBitmap(image);
    this.#thumbnail.append(canvas);
  }
}
