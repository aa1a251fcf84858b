/** @import {Rules, State} from './types.d.ts' */
/** @import {Upload} from './upload.js' */
/** @import {Words} from './words.js' */
import { Meter } from './words.js';

/** What can be done in each state: first button, second button. @type {Record<State, string>} */
const ACTS = {
  chosen: ' remove', refused: ' remove', waiting: ' remove', preparing: ' cancel', sending: 'pause cancel', paused: 'resume cancel',
  offline: ' cancel', retrying: 'now cancel', confirming: ' ', done: ' remove', failed: 'retry remove', interrupted: 'choose discard',
  removed: ' ',
};
/** Images above this are too dear to decode for a thumbnail. */
const THUMB = 12 << 20;

/** @param {string} tag @param {string} [name] @param {(Node | string)[]} inner */
export function make(tag, name = '', ...inner) {
  const node = document.createElement(tag);
  if (name) node.className = `postern-${name}`;
  if (tag === 'button') node.setAttribute('type', tag);
  node.append(...inner);
  return node;
}

/** One file as a person sees it. */
export class Row {
  meter = new Meter();

  /** @param {Upload} upload @param {Words} words @param {Rules} rules */
  constructor(upload, words, rules) {
    this.upload = upload;
    this.words = words;
    this.rules = rules;
    const { name } = upload;
    const dot = Math.max(0, Math.max(name.lastIndexOf('.'), name.length - 12) - 4);
    this.thumb = make('span', 'thumb');
    this.thumb.ariaHidden = 'true';
    this.thumb.dataset.ext = /\.(\w{1,4})$/.exec(name)?.[1]?.toUpperCase() ?? '';
    const label = make('bdi', 'name', make('span', '', name.slice(0, dot)), make('span', '', name.slice(dot)));
    label.title = name;
    this.bar = /** @type {HTMLProgressElement} */ (make('progress', 'bar'));
    this.bar.max = 1;
    this.bar.ariaLabel = name;
    this.status = make('span', 'status');
    this.code = make('small', 'code');
    this.acts = [make('button', 'act'), make('button', 'act')];
    this.node = make('li', 'file', this.thumb, label, make('span', 'size', words.size(upload.size)), this.bar, this.status, this.code, ...this.acts);
  }

  paint() {
    const { upload, node, status, code, bar } = this;
    const { state } = upload;
    if (state === 'sending') this.meter.see(upload.sent, performance.now());
    const text = this.text();
    if (status.textContent !== text) status.textContent = text;
    bar.value = upload.progress;
    bar.setAttribute('aria-valuetext', text);
    code.textContent = upload.code;
    if (state === node.dataset.state) return;
    node.dataset.state = state;
    bar.hidden = /chosen|refused|waiting|done/.test(state);
    if (state !== 'sending') this.meter = new Meter();
    this.offer(ACTS[state].split(' '));
  }

  /** A button that goes takes the focus to its neighbour, never to the top of the page. @param {string[]} acts */
  offer(acts) {
    const lost = this.acts.some((button, i) => button === document.activeElement && !acts[i]);
    this.acts.forEach((button, i) => {
      const act = acts[i] ?? '';
      button.hidden = !act;
      button.dataset.do = act;
      if (!act) return;
      button.textContent = this.words.say(`up.do.${act}`);
      button.ariaLabel = this.words.say('up.named', { action: button.textContent, name: this.upload.name });
    });
    if (lost) this.acts.find((button) => !button.hidden)?.focus();
  }

  /** Whether a thumbnail says more than the type. */
  get pictured() {
    const { file } = this.upload;
    return file && file.size < THUMB && /^image\/(?!svg)/.test(file.type);
  }

  text() {
    const { upload, words, rules, meter } = this;
    const { state, code, size, name } = upload;
    const percent = words.percent(upload.progress);
    if (code) {
      const key = `up.error.${code}`;
      const known = words.has(key) ? key : /^[a-z_]+$/.test(code) ? 'up.error.refused' : 'up.error.store';
      return words.say(known, {
        name, percent, size: words.size(size), types: rules.names, max: words.size(rules.max), min: words.size(rules.min),
      });
    }
    const time = words.left((upload.until - Date.now()) / 1000);
    const text = words.say(`up.state.${state}`, { percent, time });
    return state === 'sending' ? words.pace(text, meter, size - upload.sent) : text;
  }

  /** A thumbnail, once the row is in sight; made small at once, so that the picture itself isn't kept in memory. */
  async picture() {
    const { file } = this.upload;
    const small = file && await createImageBitmap(file, { resizeHeight: 96, resizeQuality: 'medium' }).catch(() => null);
    if (!small || this.thumb.firstChild) return;
    const canvas = /** @type {HTMLCanvasElement} */ (make('canvas'));
    canvas.width = small.width;
    canvas.height = small.height;
    canvas.getContext('bitmaprenderer')?.transferFromImageBitmap(small);
    this.thumb.append(canvas);
  }
}
