/** @import {Uploader} from './element.js' */
/** @import {Queue} from './queue.js' */
/** @import {Total} from './total.js' */
/** @import {Upload} from './upload.js' */
/** @import {Messages} from './messages.js' */
import { pickFiles } from './file-sources.js';
import { Row, folderOf, shownState } from './row.js';

/** Milliseconds of work after which the browser gets a turn. */
export const TURN = 8;
/** Milliseconds between two updates of the rows: one for each row, so that a long list leaves the processor to what is sent, within these limits. */
const [SHORTEST, LONGEST] = [150, 1000];
/** States in which a file needs the person. */
export const NEEDS_ATTENTION = /refused|failed|interrupted/;
/** The rows of files below the form, their total, and the announcements for screen readers. */
export class List {
  /** @type {Map<Upload, Row>} */
  rows = new Map();
  /** Rows whose state has changed since the total was updated. @type {Set<Row>} */
  moved = new Set();
  /** @type {Set<Upload>} */
  #changed = new Set();
  /** Files in folders, until the rows of folders are loaded. @type {Set<Upload>} */
  #waiting = new Set();
  #ready = false;
  #timer = 0;
  /** What went wrong since the last announcement. @type {string[]} */
  problems = [];
  /** The files among those that were chosen since which were sent before. @type {string[]} */
  repeated = [];
  /** How often loading the total has failed. */
  #failures = 0;
  /** @type {Promise<Total> | null} */
  #total = null;
  #live;

  /** @param {Uploader} element @param {Queue} queue @param {Messages} messages */
  constructor(element, queue, messages) {
    this.element = element;
    this.queue = queue;
    this.messages = messages;
    const find = (/** @type {string} */ selector) => /** @type {HTMLElement} */ (element.querySelector(selector));
    this.filesNode = find('.postern-files');
    this.totalNode = find('.postern-total');
    this.#live = find('.postern-live');
    this.rowTemplate = /** @type {HTMLElement} */ (/** @type {HTMLTemplateElement} */ (find('template')).content.firstElementChild);
  }

  /** Puts the rows into the element, whose content may have been rendered again. */
  attach() {
    for (const part of [this.filesNode, this.totalNode, this.#live]) this.element.querySelector(`.${part.classList[0]}`)?.replaceWith(part);
    for (const { node } of this.rows.values()) if (!this.filesNode.contains(node)) this.filesNode.append(node);
    if (this.rows.size) this.#updateTotal();
  }

  /** A page that the browser keeps in its memory may come back for somebody else: until that is known no file is shown. @param {AbortSignal} signal */
  hideWhileCached(signal) {
    addEventListener('pagehide', () => { this.filesNode.hidden = true; }, { signal });
    addEventListener('pageshow', async (/** @type {any} */ { persisted }) => {
      if (!persisted) return;
      this.element.removeAttribute('owners');
      this.filesNode.hidden = !(await this.queue.restore(true));
    }, { signal });
  }

  /** Updates an upload's row soon, or removes it at once. @param {Upload} upload */
  schedule(upload) {
    const node = this.rows.get(upload)?.node;
    if (node && upload.state === 'removed') this.#removeRow(upload, node);
    this.#changed.add(upload);
    this.#timer ||= setTimeout(() => this.#update(), Math.min(Math.max(SHORTEST, this.rows.size), LONGEST));
  }

  /** Updates rows until the turn is over, and the rest in further turns. */
  #update() {
    const end = performance.now() + TURN;
    for (const upload of this.#changed) {
      this.#changed.delete(upload);
      if (!this.#ready && folderOf(upload)) {
        this.#waiting.add(upload);
        continue;
      }
      const row = this.row(upload);
      if (row?.update()) {
        const shown = shownState(upload);
        const found = shown === 'repeated' ? this.repeated : NEEDS_ATTENTION.test(shown) ? this.problems : [];
        found.push((upload.code ? '' : `${upload.name}: `) + row.text());
        this.moved.add(row);
      }
      if (performance.now() > end) break;
    }
    this.#timer = this.#changed.size ? setTimeout(() => this.#update()) : 0;
    if (!this.#timer) this.#updateTotal();
  }

  /** Updates the total, which is loaded with the first file. */
  async #updateTotal() {
    try {
      // A browser may remember that an address couldn't be loaded.
      this.#total ??= import(['./total.js', this.#failures].join('?')).then(({ Total }) => new Total(this));
      (await this.#total).update();
    } catch (error) {
      // The next change tries again.
      this.#total = null;
      if (this.#failures++) console.warn('postern: no total:', error);
    }
    this.#ready = true;
    for (const upload of this.#waiting) this.schedule(upload);
    this.#waiting.clear();
  }

  /** The row of an upload, which is added if need be. @param {Upload} upload */
  row(upload) {
    let row = this.rows.get(upload);
    if (row || upload.state === 'removed') return row;
    row = new Row(upload, this);
    this.rows.set(upload, row);
    this.filesNode.append(row.node);
    return row;
  }

  /** Does what a row's button says. @param {Upload} upload @param {string} [action] */
  run(upload, action) {
    const { queue } = this;
    if (action === 'pause') queue.pause(upload);
    else if (action === 'retry_now') upload.retryNow?.();
    else if (action === 'replace') this.#replace(upload, pickFiles({ accept: this.element.getAttribute('accept') ?? '' }));
    else if (action === 'again') this.#replace(upload, [/** @type {File} */ (upload.file)]);
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

  /** Puts another file in place of a refused one, or the same once more. @param {Upload} upload @param {File[] | Promise<File[]>} files */
  async #replace(upload, files) {
    const { queue, element, rows } = this;
    const [found] = await files;
    const added = found && queue.add(found);
    const row = added && this.row(added);
    if (!row) return;
    added.again = found === upload.file;
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

  /** @param {string} text */
  announce(text) { if (text) this.#live.textContent = text; }
}
