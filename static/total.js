/** @import {List} from './list.js' */
/** @import {Upload} from './upload.js' */
import { Announcer, showRunning } from './announce.js';
import { fillFolders, placeRow } from './folder.js';
import { NEEDS_ATTENTION, shownState, SpeedMeter } from './core.js';

/** How far some files are together. `all` counts those that were refused too, `restored` those done in an earlier frame; the rest are bytes. @param {Iterable<Upload>} uploads */
function countFiles(uploads) {
  const count = { all: 0, refused: 0, done: 0, busy: 0, paused: 0, offline: 0, attention: 0, chosen: 0, repeated: 0, failed: 0, restored: 0, size: 0, sent: 0, left: 0 };
  for (const upload of uploads) {
    const state = shownState(upload);
    const kind = NEEDS_ATTENTION.test(state) ? 'attention' : state in count ? state : 'busy';
    count[/** @type {'busy'} */ (kind)]++;
    if (state === 'repeated') continue;
    count.all++;
    if (state === 'refused') count.refused++;
    if (state === 'failed') count.failed++;
    if (state === 'done' && !upload.file) count.restored++;
    if (state === 'refused') continue;
    count.size += upload.size;
    count.sent += upload.sentBytes;
    if (/busy|offline/.test(kind)) count.left += upload.size - upload.sentBytes;
  }
  const running = count.busy + count.offline;
  const state = running ? 'sending' : count.attention || count.paused ? 'attention' : count.done ? 'done' : 'resting';
  const progress = count.done === count.all - count.refused ? 1 : Math.min(0.99, count.sent / (count.size || 1));
  return { ...count, running, state, progress };
}

/** The line below the rows, the rows of folders, the element's attributes, and what is announced. */
export class Total {
  #meter = new SpeedMeter();
  #lastSummary = '';
  #wasRunning = false;
  /** @type {Map<string, import('./folder.js').Folder>} */
  #folders = new Map();
  /** Finished uploads that the browser keeps a mark of. @type {WeakSet<Upload>} */
  #kept = new WeakSet();
  #list; #announcer;
  /** @type {HTMLProgressElement} */ #bar;
  /** @type {HTMLElement} */ #text;
  /** @type {any[]} */
  #buttons;

  /** @param {List} list */
  constructor(list) {
    this.#list = list;
    this.#announcer = new Announcer(list.messages);
    const [bar, text, box] = /** @type {any} */ (list.totalNode.children);
    [this.#bar, this.#text] = [bar, text];
    this.#buttons = [...box.children];
    for (const button of this.#buttons) {
      const { action } = button.dataset;
      button.textContent = list.messages.text(`upload.action.${action}`);
      button.onclick = () => this.#run(action);
    }
  }

  /** Counts the files and updates everything that depends on them. */
  update() {
    const { messages, element, queue, problems, repeated, totalNode, rows, moved } = this.#list;
    const folders = this.#folders;
    fillFolders(this.#list, folders);
    for (const { node } of moved) placeRow(node);
    moved.clear();
    const count = countFiles(queue.uploads);
    const { all, refused, done, running, state, progress } = count;
    element.setAttribute('state', state);
    element.setAttribute('count', `${all - refused}`);
    element.toggleAttribute('busy', running > 0);
    element.toggleAttribute('full', queue.limit > 1 && queue.full);
    if (running && !count.offline) this.#meter.update(count.sent, performance.now());
    else this.#meter = new SpeedMeter();
    totalNode.hidden = rows.size < 2 || !all;
    totalNode.dataset.state = count.attention ? 'attention' : state;
    this.#bar.value = progress;
    const text = this.#describe(count);
    this.#text.textContent = messages.withSpeed(text, this.#meter, count.left);
    const [retry, clear] = this.#buttons;
    retry.hidden = count.failed < 2 && !(count.failed && folders.size);
    clear.hidden = done + count.repeated < 2 || element.passesOn;
    for (const folder of folders.values()) {
      const inside = countFiles(folder.uploads);
      folder.show(inside.attention ? 'attention' : inside.state, inside.progress, this.#describe(inside), messages.size(inside.size));
    }
    this.#list.announce(this.#announcer.announcement({ done: done - count.restored, busy: count.busy, paused: count.paused, offline: count.offline }, progress, problems.splice(0), repeated.splice(0)));
    const summary = `${state} ${all - refused} ${done}`;
    if (summary !== this.#lastSummary) queue.options.emit('change', {});
    this.#lastSummary = summary;
    if (running || this.#wasRunning) showRunning(element, running ? progress : null, messages, count.paused ? '' : text);
    this.#wasRunning = running > 0;
    this.#keep(running);
  }

  /** How many files are done, how many need the person, and how far the others are. @param {ReturnType<typeof countFiles>} count */
  #describe({ all, done, attention, offline, running, progress }) {
    const { messages } = this.#list;
    const parts = [messages.plural('upload.total', all, { done: messages.number(done) })];
    if (offline) parts.unshift(messages.text('upload.announce.offline'));
    if (attention) parts.push(messages.plural('upload.needs', attention));
    if (running) parts.push(messages.percent(progress));
    return parts.join(messages.text('upload.separator'));
  }

  /** Keeps marks of what is finished, so that it isn't sent twice. Of many files only at the end: each is read for it. @param {number} running */
  #keep(running) {
    const { element, queue } = this.#list;
    if (element.passesOn || (running && queue.uploads.size > 20)) return;
    const fresh = [...queue.uploads].filter((upload) => upload.state === 'done' && upload.file && !this.#kept.has(upload));
    fresh.forEach((upload) => this.#kept.add(upload));
    if (fresh.length) import('./same-file.js').then(({ keep }) => keep(queue, fresh), () => {});
  }

  /** @param {string} action */
  #run(action) {
    const list = this.#list;
    const { queue, messages, element } = list;
    const uploads = [...queue.uploads];
    if (action === 'retry_all') {
      for (const upload of uploads) if (upload.state === 'failed') queue.resume(upload);
    } else {
      const cleared = uploads.filter((upload) => /done|repeated/.test(shownState(upload)) && queue.remove(upload));
      list.announce(messages.plural('upload.announce.cleared_several', cleared.length));
    }
    // The button goes away.
    (list.rows.size > 1 ? list.totalNode : element.input)?.focus();
  }
}
