/** @import {Words} from './words.js' */

/** @typedef {{all: number, done: number, busy: number, paused: number, offline: number, bad: number}} Count files by what they do */

/** Decides what is worth saying aloud: a beginning, each quarter, a halt, an end. Never the same twice in a row. */
export class Teller {
  /** @type {Count} */
  last = { all: 0, done: 0, busy: 0, paused: 0, offline: 0, bad: 0 };
  quarter = 0;
  began = 0;

  /** @param {Words} words */
  constructor(words) {
    this.words = words;
  }

  /** @param {Count} now @param {number} progress 0 to 1 @param {string} trouble the newest trouble in words @returns {string} '' for nothing */
  hear(now, progress, trouble) {
    const { last, words } = this;
    this.last = now;
    const going = now.busy + now.offline;
    const before = last.busy + last.offline;
    const quarter = Math.floor(progress * 4);
    const risen = quarter > this.quarter;
    this.quarter = quarter;
    if (now.bad > last.bad) return trouble;
    if (going && !before) {
      this.began = last.done;
      return words.count('up.say.started', going);
    }
    if (now.offline && !last.offline) return words.say('up.say.offline');
    if (now.paused > last.paused) return words.say('up.say.paused');
    if (!going && now.done > this.began) {
      const done = now.done - this.began;
      this.began = now.done;
      return words.count('up.say.done', done);
    }
    return going && risen && quarter < 4 ? words.say('up.say.progress', { percent: words.percent(quarter / 4) }) : '';
  }
}
