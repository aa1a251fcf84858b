/** @import {Queue} from './queue.js' */
/** @import {Upload} from './upload.js' */
/** @import {Words} from './words.js' */
import { ask } from './intake.js';
import { Row, make } from './row.js';
import { Meter, Teller } from './words.js';

/** Milliseconds of work before the page gets a turn, and between two drawings. */
export const SLICE = 8;
const PAUSE = 150;

/** The list of files below the form, its total, and what is said aloud about them. */
export class List {
  /** @type {Map<Upload, Row>} */
  rows = new Map();
  /** @type {Set<Upload>} */
  stale = new Set();
  timer = 0;
  meter = new Meter();
  known = '';

  /** @param {HTMLElement} element @param {Queue} queue @param {Words} words */
  constructor(element, queue, words) {
    this.element = element;
    this.queue = queue;
    this.words = words;
    this.teller = new Teller(words);
    this.files = make('ul', 'files');
    this.files.role = 'list';
    this.files.ariaLabel = words.say('up.files');
    this.bar = /** @type {HTMLProgressElement} */ (make('progress', 'bar'));
    this.bar.ariaLabel = words.say('up.files');
    this.status = make('span', 'status');
    this.total = make('div', 'total', this.bar, this.status);
    this.total.hidden = true;
    this.live = make('p', 'live postern-unseen');
    this.live.role = 'status';
    element.append(this.files, this.total, this.live);
    this.files.addEventListener('click', ({ target }) => this.click(/** @type {HTMLElement} */ (target)));
    this.seen = new IntersectionObserver((entries) => {
      for (const { isIntersecting, target } of entries) if (isIntersecting) this.show(target);
    });
  }

  /** Has an upload drawn anew, soon. @param {Upload} upload */
  mark(upload) {
    this.stale.add(upload);
    this.timer ||= setTimeout(() => this.draw(), this.timer ? 0 : PAUSE);
  }

  /** A thousand rows are drawn in many short turns. */
  draw() {
    const end = performance.now() + SLICE;
    for (const upload of this.stale) {
      this.stale.delete(upload);
      this.row(upload)?.paint();
      if (performance.now() > end) break;
    }
    this.timer = this.stale.size ? setTimeout(() => this.draw()) : 0;
    if (!this.timer) this.sum();
  }

  /** @param {Upload} upload */
  row(upload) {
    let row = this.rows.get(upload);
    if (row || upload.state === 'removed') return upload.state === 'removed' ? null : row;
    row = new Row(upload, this.words, this.queue.host.rules);
    this.rows.set(upload, row);
    this.files.append(row.node);
    if (row.pictured) this.seen.observe(row.node);
    return row;
  }

  /** @param {Element} node */
  show(node) {
    this.seen.unobserve(node);
    this.find(node)?.[1].picture();
  }

  /** @param {Element | null | undefined} node */
  find(node) {
    return [...this.rows].find(([, row]) => row.node === node);
  }

  /** @param {HTMLElement} target */
  click(target) {
    const found = this.find(target.closest('li'));
    const act = target.closest('button')?.dataset.do;
    if (found && act) this.act(found[0], act);
  }

  /** @param {Upload} upload @param {string} act */
  act(upload, act) {
    const { queue } = this;
    if (act === 'pause') queue.pause(upload);
    else if (act === 'now') upload.wake?.();
    else if (act === 'choose') this.choose(upload);
    else if (act === 'resume' || act === 'retry') queue.resume(upload);
    else if (queue.remove(upload)) this.leave(upload);
  }

  /** The file by its kept handle, or else as the person chooses it. @param {Upload} upload */
  async choose(upload) {
    const { queue } = this;
    const file = await queue.memory.reopen(upload, true).catch(() => null);
    if (file) queue.again(upload, file);
    else ask({}, ([chosen]) => chosen && queue.offer(upload, chosen));
  }

  /** @param {Upload} upload */
  leave(upload) {
    const node = this.rows.get(upload)?.node;
    const beside = node?.nextElementSibling ?? node?.previousElementSibling;
    const held = node?.contains(document.activeElement);
    node?.remove();
    this.rows.delete(upload);
    if (held) /** @type {HTMLElement | null} */ ((beside ?? this.element).querySelector('button:not([hidden]), input[type=file]'))?.focus();
    this.say(this.words.say('up.say.removed', { name: upload.name }));
    this.mark(upload);
  }

  /** Adds everything up: the total, the attributes for CSS, the announcements. */
  sum() {
    const { words, element, queue } = this;
    const count = { all: 0, done: 0, busy: 0, paused: 0, offline: 0, bad: 0 };
    let size = 0;
    let sent = 0;
    let trouble = '';
    for (const upload of queue.uploads) {
      const { state } = upload;
      if (/refused|failed|interrupted/.test(state)) {
        count.bad++;
        trouble = this.rows.get(upload)?.text() ?? '';
      }
      if (state === 'refused') continue;
      count.all++;
      size += upload.size;
      sent += upload.sent;
      if (state === 'done') count.done++;
      else if (state === 'paused') count.paused++;
      else if (state === 'offline') count.offline++;
      else if (upload.active || state === 'waiting') count.busy++;
    }
    const going = count.busy + count.offline;
    const state = going ? 'sending' : count.bad || count.paused ? 'attention' : count.done ? 'done' : 'resting';
    element.setAttribute('state', state);
    element.setAttribute('count', `${count.all}`);
    element.toggleAttribute('busy', going > 0);
    element.toggleAttribute('full', queue.full);
    const progress = count.done === count.all ? 1 : Math.min(0.99, sent / (size || 1));
    this.meter.see(sent, performance.now());
    const percent = words.percent(progress);
    this.total.hidden = count.all < 2;
    this.bar.value = progress;
    const text = words.count('up.total', count.all, { done: words.number.format(count.done), percent });
    this.status.textContent = going ? words.pace(text, this.meter, size - sent) : text;
    this.bar.setAttribute('aria-valuetext', percent);
    this.say(this.teller.hear(count, progress, trouble));
    const known = `${state} ${count.all} ${count.done}`;
    if (known !== this.known) queue.host.tell('change', {});
    this.known = known;
  }

  /** @param {string} text */
  say(text) {
    if (text) this.live.textContent = text;
  }
}
