/** @import {Uploader} from './element.js' */
/** @import {Queue} from './queue.js' */
/** @import {Upload} from './upload.js' */
/** @import {Words} from './words.js' */
import { ask } from './intake.js';
import { Row } from './row.js';
import { Meter, Teller } from './words.js';

/** Milliseconds of work before the page gets a turn, and between two drawings. */
export const SLICE = 8;
const PAUSE = 150;
/** States in which a file needs somebody. */
const BAD = /refused|failed|interrupted/;

/** The list of files below the form, its total, and what is said aloud about them. */
export class List {
  /** @type {Map<Upload, Row>} */
  rows = new Map();
  /** @type {Set<Upload>} */
  stale = new Set();
  timer = 0;
  meter = new Meter();
  known = '';
  /** What went wrong since the last announcement, in words. @type {string[]} */
  troubles = [];

  /** @param {Uploader} element @param {Queue} queue @param {Words} words */
  constructor(element, queue, words) {
    this.element = element;
    this.queue = queue;
    this.words = words;
    this.teller = new Teller(words);
    const find = (/** @type {string} */ name) => /** @type {HTMLElement} */ (element.querySelector(name));
    this.files = find('.postern-files');
    this.total = find('.postern-total');
    this.live = find('.postern-live');
    this.bar = /** @type {HTMLProgressElement} */ (this.total.children[0]);
    this.status = this.total.children[1];
    this.pattern = /** @type {HTMLElement} */ (/** @type {HTMLTemplateElement} */ (find('template')).content.firstElementChild);
  }

  /** Has an upload drawn anew, soon. @param {Upload} upload */
  mark(upload) {
    this.stale.add(upload);
    this.timer ||= setTimeout(() => this.draw(), PAUSE);
  }

  /** A thousand rows are drawn in many short turns. */
  draw() {
    const end = performance.now() + SLICE;
    for (const upload of this.stale) {
      this.stale.delete(upload);
      const row = this.row(upload);
      if (row?.paint() && BAD.test(upload.state)) this.troubles.push((upload.code ? '' : `${upload.name}: `) + row.text());
      if (performance.now() > end) break;
    }
    this.timer = this.stale.size ? setTimeout(() => this.draw()) : 0;
    if (!this.timer) this.sum();
  }

  /** @param {Upload} upload */
  row(upload) {
    let row = this.rows.get(upload);
    if (row || upload.state === 'removed') return row;
    row = new Row(upload, this);
    this.rows.set(upload, row);
    this.files.append(row.node);
    return row;
  }

  /** @param {Upload} upload @param {string} [act] */
  act(upload, act) {
    const { queue } = this;
    if (act === 'pause') queue.pause(upload);
    else if (act === 'now') upload.wake?.();
    else if (act === 'another') this.replace(upload);
    else if (upload.state === 'interrupted' && act !== 'discard') this.choose(upload);
    else if (act === 'resume' || act === 'retry') queue.resume(upload);
    else if (queue.remove(upload)) this.leave(upload);
  }

  /** The file by its kept handle, or else as the person chooses it. @param {Upload} upload */
  async choose(upload) {
    const { queue } = this;
    const file = upload.handle && (await queue.memory.reopen(upload, true));
    queue.host.changed(upload);
    const [found] = file ? [file] : await ask({}, true);
    if (found) queue.offer(upload, found);
  }

  /** Another file in the place of a refused one. @param {Upload} upload */
  async replace(upload) {
    const { queue, element, rows } = this;
    const [found] = await ask({ accept: element.getAttribute('accept') ?? '' });
    const added = found && queue.add(found);
    const row = added && this.row(added);
    if (!row) return;
    rows.get(upload)?.node.after(row.node);
    this.act(upload, 'remove');
    element.add([]);
  }

  /** @param {Upload} upload */
  leave(upload) {
    const node = this.rows.get(upload)?.node;
    const beside = /** @type {HTMLElement | null | undefined} */ (node?.nextElementSibling ?? node?.previousElementSibling);
    if (node?.contains(document.activeElement)) (beside ?? this.element.input)?.focus();
    node?.remove();
    this.rows.delete(upload);
    this.say(this.words.say('up.say.removed', { name: upload.name }));
    this.mark(upload);
  }

  /** Adds everything up: the total, the attributes for CSS, the announcements. */
  sum() {
    const { words, element, queue } = this;
    const count = { all: 0, done: 0, busy: 0, paused: 0, offline: 0, bad: 0, chosen: 0 };
    let size = 0;
    let sent = 0;
    let rest = 0;
    for (const upload of queue.uploads) {
      const { state } = upload;
      const at = BAD.test(state) ? 'bad' : state in count ? state : 'busy';
      count[/** @type {keyof typeof count} */ (at)]++;
      if (state === 'refused') continue;
      count.all++;
      size += upload.size;
      sent += upload.sent;
      if (/busy|offline/.test(at)) rest += upload.size - upload.sent;
    }
    const going = count.busy + count.offline;
    const state = going ? 'sending' : count.bad || count.paused ? 'attention' : count.done ? 'done' : 'resting';
    element.setAttribute('state', state);
    element.setAttribute('count', `${count.all}`);
    element.toggleAttribute('busy', going > 0);
    element.toggleAttribute('full', queue.full);
    const progress = count.done === count.all ? 1 : Math.min(0.99, sent / (size || 1));
    if (going) this.meter.see(sent, performance.now());
    else this.meter = new Meter();
    this.total.hidden = count.all < 2;
    this.bar.value = progress;
    const text = words.count('up.total', count.all, { done: words.number(count.done), percent: words.percent(progress) });
    this.status.textContent = going ? words.pace(text, this.meter, rest) : text;
    this.say(this.teller.hear(count, progress, this.troubles.splice(0)));
    const known = `${state} ${count.all} ${count.done}`;
    if (known !== this.known) queue.host.tell('change', {});
    this.known = known;
  }

  /** @param {string} text */
  say(text) {
    if (text) this.live.textContent = text;
  }
}
