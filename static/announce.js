/** @import {Uploader} from './element.js' */
/** @import {Messages} from './messages.js' */

/** @typedef {Record<string, number>} Counts files by their state */

/** Decides what a screen reader announces: the start, each quarter, a pause, the end. Nothing is announced twice in a row. */
export class Announcer {
  /** @type {Counts} */
  #last = { done: 0, busy: 0, paused: 0, offline: 0 };
  #quarter = 0;
  #doneBefore = 0;
  #messages;

  /** @param {Messages} messages */
  constructor(messages) {
    this.#messages = messages;
  }

  /** @param {Counts} now @param {number} progress 0 to 1 @param {string[]} problems new ones, as texts @param {string[]} [repeated] files that were sent before, as texts @returns {string} '' for nothing */
  announcement(now, progress, problems, repeated = []) {
    const tell = (/** @type {string[]} */ texts, /** @type {string} */ key) => (texts[1] ? this.#messages.plural(key, texts.length) : texts[0]);
    return [tell(problems, 'upload.announce.problems'), tell(repeated, 'upload.announce.repeated'), this.#change(now, Math.floor(progress * 4))].filter(Boolean).join(' ');
  }

  /** @param {Counts} now @param {number} quarter of the progress */
  #change(now, quarter) {
    const last = this.#last;
    const messages = this.#messages;
    const doneBefore = this.#doneBefore;
    this.#last = now;
    const running = now.busy + now.offline;
    const risen = quarter > this.#quarter;
    if (running && !(last.busy + last.offline)) {
      this.#doneBefore = last.done;
      this.#quarter = quarter;
      return messages.plural('upload.announce.started', running);
    }
    // A quarter that is lost with a part and reached again isn't announced again.
    if (risen) this.#quarter = quarter;
    if (now.offline && !last.offline) return messages.text('upload.announce.offline');
    if (now.paused > last.paused) return messages.text('upload.announce.paused');
    if (!running && now.done > doneBefore) {
      this.#doneBefore = now.done;
      return messages.plural('upload.announce.done', now.done - doneBefore);
    }
    return running && risen && quarter < 4 ? messages.text('upload.announce.progress', { percent: messages.percent(quarter / 4) }) : '';
  }
}

/** The uploaders of this page whose files are on their way, and how far they are, 0 to 1. @type {Map<Uploader, number>} */
const running = new Map();
/** What is shown before the page's own title. */
let shown = '';

/** Has the browser ask before the page is left. @param {BeforeUnloadEvent} event */
function warn(event) {
  event.preventDefault();
  event.returnValue = true;
}

/** Shows a text before the page's title, which the page itself may have changed meanwhile; '' for none. @param {string} text */
function showInTitle(text) {
  const own = document.title.startsWith(shown) ? document.title.slice(shown.length) : document.title;
  shown = text;
  if (document.title !== text + own) document.title = text + own;
}

/** Tells somebody who looks elsewhere that the files are finished, without a sound. @param {string} text */
function notify(text) {
  try {
    const notification = new Notification(document.title, { body: text, tag: 'postern', silent: true });
    notification.onclick = () => { focus(); notification.close(); };
  } catch {
    // Some browsers for phones leave notifications to service workers.
  }
}

/**
 * While files are on their way, the title says how far they are, and the browser asks before the page is left. When they are finished, a
 * notification says so if the attribute `notify` asks for one, the page isn't seen, and the person has allowed notifications.
 * @param {Uploader} element @param {number | null} progress null: nothing is on its way
 * @param {Messages} messages @param {string} text what has come of the files; '' when they aren't finished
 */
export function showRunning(element, progress, messages, text) {
  if (progress === null) running.delete(element);
  else running.set(element, progress);
  (running.size ? addEventListener : removeEventListener)('beforeunload', warn);
  const all = [...running.values()];
  // In a frame nobody sees the title.
  if (!element.hasAttribute('embedded')) showInTitle(all.length ? `${messages.percent(all.reduce((sum, each) => sum + each) / all.length)} · ` : '');
  if (progress === null && text && document.hidden && element.hasAttribute('notify') && globalThis.Notification?.permission === 'granted') notify(text);
}
