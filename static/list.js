/** @import {Uploader} from './element.js' */
/** @import {Queue} from './queue.js' */
/** @import {Upload} from './upload.js' */
/** @import {Messages} from './messages.js' */
import { pickFiles } from './file-sources.js';
import { Row } from './row.js';
import { Announcer, SpeedMeter } from './messages.js';

/** Milliseconds of work after which the browser gets a turn. */
export const TURN = 8;
/** Milliseconds between two updates of the rows. */
const INTERVAL = 150;
/** States in which a file needs the person. */
const NEEDS_ATTENTION = /refused|failed|interrupted/;

/** The rows of files below the form, their total, and the announcements for screen readers. */
export class List {
  /** @type {Map<Upload, Row>} */
  rows = new Map();
  /** @type {Set<Upload>} */
  #changed = new Set();
  #timer = 0;
  #meter = new SpeedMeter();
  #lastSummary = '';
  /** What went wrong since the last announcement. @type {string[]} */
  #problems = [];
  #files; #total; #bar; #totalText; #live; #announcer;

  /** @param {Uploader} element @param {Queue} queue @param {Messages} messages */
  constructor(element, queue, messages) {
    this.element = element;
    this.queue = queue;
    this.messages = messages;
    const find = (/** @type {string} */ selector) => /** @type {HTMLElement} */ (element.querySelector(selector));
    this.#announcer = new Announcer(messages);
    this.#files = find('.postern-files');
    this.#total = find('.postern-total');
    this.#live = find('.postern-live');
    [this.#bar, this.#totalText] = /** @type {[HTMLProgressElement, Element]} */ (/** @type {unknown} */ (this.#total.children));
    this.rowTemplate = /** @type {HTMLElement} */ (/** @type {HTMLTemplateElement} */ (find('template')).content.firstElementChild);
  }

  /** Puts the rows into the element, whose content may have been rendered again. */
  attach() {
    for (const part of [this.#files, this.#total, this.#live]) this.element.querySelector(`.${part.classList[0]}`)?.replaceWith(part);
    this.#files.replaceChildren(...[...this.rows.values()].map((row) => row.node));
  }

  /** A page that the browser keeps in its memory may come back for somebody else: until that is known no file is shown. @param {AbortSignal} signal */
  hideWhileCached(signal) {
    addEventListener('pagehide', () => { this.#files.hidden = true; }, { signal });
    addEventListener('pageshow', async (/** @type {any} */ { persisted }) => {
      if (!persisted) return;
      this.element.removeAttribute('owners');
      this.#files.hidden = !(await this.queue.restore(true));
    }, { signal });
  }

  /** Updates an upload's row soon, or removes it at once. @param {Upload} upload */
  schedule(upload) {
    const node = this.rows.get(upload)?.node;
    if (node && upload.state === 'removed') this.#removeRow(upload, node);
    this.#changed.add(upload);
    this.#timer ||= setTimeout(() => this.#update(), INTERVAL);
  }

  /** Updates rows until the turn is over, and the rest in further turns. */
  #update() {
    const end = performance.now() + TURN;
    for (const upload of this.#changed) {
      this.#changed.delete(upload);
      const row = this.row(upload);
      if (row?.update() && NEEDS_ATTENTION.test(upload.state)) this.#problems.push((upload.code ? '' : `${upload.name}: `) + row.text());
      if (performance.now() > end) break;
    }
    this.#timer = this.#changed.size ? setTimeout(() => this.#update()) : 0;
    if (!this.#timer) this.#updateTotal();
  }

  /** The row of an upload, which is added if need be. @param {Upload} upload */
  row(upload) {
    let row = this.rows.get(upload);
    if (row || upload.state === 'removed') return row;
    row = new Row(upload, this);
    this.rows.set(upload, row);
    this.#files.append(row.node);
    return row;
  }

  /** Does what a row's button says. @param {Upload} upload @param {string} [action] */
  run(upload, action) {
    const { queue } = this;
    if (action === 'pause') queue.pause(upload);
    else if (action === 'retry_now') upload.retryNow?.();
    else if (action === 'replace') this.#replace(upload);
    else if (upload.state === 'interrupted' && action !== 'discard') this.#reopen(upload);
    else if (action === 'resume' || action === 'retry') queue.resume(upload);
    else if (action === 'remove' && upload.state === 'done') import('./accepted.js').then(({ takeBack }) => takeBack(this, upload));
    else if (queue.remove(upload)) this.announce(this.messages.text(`upload.announce.${action === 'clear' ? 'cleared' : 'removed'}`, { name: upload.name }));
  }

  /** Opens an interrupted upload's file by its handle, or else has the person choose it. @param {Upload} upload */
  async #reopen(upload) {
    const { queue } = this;
    const file = upload.handle && (await queue.saved.reopenFile(upload, true));
    queue.options.onChange(upload);
    const [found] = file ? [file] : await pickFiles({}, true);
    if (found) queue.offerFile(upload, found);
  }

  /** Has the person choose another file in place of a refused one. @param {Upload} upload */
  async #replace(upload) {
    const { queue, element, rows } = this;
    const [found] = await pickFiles({ accept: element.getAttribute('accept') ?? '' });
    const added = found && queue.add(found);
    const row = added && this.row(added);
    if (!row) return;
    rows.get(upload)?.node.after(row.node);
    this.run(upload, 'remove');
    element.add([]);
  }

  /** Removes a row; its focus goes to the row beside it. @param {Upload} upload @param {HTMLElement} node */
  #removeRow(upload, node) {
    const beside = /** @type {HTMLElement | null} */ (node.nextElementSibling ?? node.previousElementSibling);
    if (node.contains(document.activeElement)) (beside ?? this.element.input)?.focus();
    node.remove();
    this.rows.delete(upload);
    // The last announcement may name the file.
    this.#live.textContent = '';
  }

  /** Counts the files and updates the total, the element's attributes and the announcements. */
  #updateTotal() {
    const { messages, element, queue } = this;
    const count = { all: 0, done: 0, busy: 0, paused: 0, offline: 0, attention: 0, chosen: 0 };
    let [size, sent, left, restored] = [0, 0, 0, 0];
    for (const upload of queue.uploads) {
      const { state } = upload;
      const kind = NEEDS_ATTENTION.test(state) ? 'attention' : state in count ? state : 'busy';
      count[/** @type {keyof typeof count} */ (kind)]++;
      if (state === 'done' && !upload.file) restored++;
      if (state === 'refused') continue;
      count.all++;
      size += upload.size;
      sent += upload.sentBytes;
      if (/busy|offline/.test(kind)) left += upload.size - upload.sentBytes;
    }
    const running = count.busy + count.offline;
    const state = running ? 'sending' : count.attention || count.paused ? 'attention' : count.done ? 'done' : 'resting';
    element.setAttribute('state', state);
    element.setAttribute('count', `${count.all}`);
    element.toggleAttribute('busy', running > 0);
    element.toggleAttribute('full', queue.limit > 1 && queue.full);
    const progress = count.done === count.all ? 1 : Math.min(0.99, sent / (size || 1));
    if (running) this.#meter.update(sent, performance.now());
    else this.#meter = new SpeedMeter();
    this.#total.hidden = count.all < 2;
    this.#bar.value = progress;
    const text = messages.plural('upload.total', count.all, { done: messages.number(count.done), percent: messages.percent(progress) });
    this.#totalText.textContent = running ? messages.withSpeed(text, this.#meter, left) : text;
    this.announce(this.#announcer.announcement({ ...count, done: count.done - restored }, progress, this.#problems.splice(0)));
    const summary = `${state} ${count.all} ${count.done}`;
    if (summary !== this.#lastSummary) queue.options.emit('change', {});
    this.#lastSummary = summary;
  }

  /** @param {string} text */
  announce(text) { if (text) this.#live.textContent = text; }
}
