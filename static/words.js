/** What a unit begins with, in steps of 1,024. */
const STEPS = ['', 'kilo', 'mega', 'giga', 'tera'];

/** Keeps a text's own direction from reordering the words around it. @param {string} text */
const apart = (text) => `\u2068${text}\u2069`;

/** Texts, numbers and sizes in the page's language. */
export class Words {
  /** Made once each: that is slow. @type {Map<string, Intl.NumberFormat>} */
  formats = new Map();

  /** @param {Record<string, string>} catalog @param {string} [lang] the browser's own, unless told */
  constructor(catalog, lang) {
    this.catalog = catalog;
    this.lang = lang;
    this.plural = new Intl.PluralRules(lang);
  }

  /** @param {string} key @param {Record<string, string>} [values] @param {string} [other] key to fall back on */
  say(key, values = {}, other = key) {
    const { catalog } = this;
    return (catalog[key] ?? catalog[other] ?? key).replace(/\{(\w+)\}/g, (all, name) => (name in values ? apart(values[name] ?? '') : all));
  }

  /** @param {string} key @param {number} n @param {Record<string, string>} [values] */
  count(key, n, values) {
    return this.say(`${key}.${this.plural.select(n)}`, { n: this.number(n), ...values }, `${key}.other`);
  }

  /** A number and its unit stay in one line. @param {number} value @param {Intl.NumberFormatOptions} [settings] */
  number(value, settings = {}) {
    const key = JSON.stringify(settings);
    const format = this.formats.get(key) ?? new Intl.NumberFormat(this.lang, settings);
    this.formats.set(key, format);
    return format.format(value).replaceAll(' ', '\xa0');
  }

  /** Rounded down: never 100 % before the end. @param {number} progress 0 to 1 */
  percent(progress) {
    return this.number(progress, { style: 'percent', roundingMode: 'floor' });
  }

  /** With a way to round, also to a tenth above ten: a limit is told no wider than it is, and what misses it by little differs. @param {number} bytes @param {string} [per] '-per-second' @param {'ceil' | 'floor'} [roundingMode] */
  size(bytes, per = '', roundingMode) {
    const step = Math.min(4, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
    const value = bytes / 1024 ** step;
    return this.number(value, {
      style: 'unit',
      unit: `${STEPS[step]}byte${per}`,
      unitDisplay: step ? 'short' : 'long',
      maximumFractionDigits: step && (value < 10 || roundingMode) ? 1 : 0,
      roundingMode,
    });
  }

  /** A short time to the second, as one counts down. @param {number} seconds */
  wait(seconds) {
    return seconds < 60 ? this.number(Math.max(1, Math.ceil(seconds)), { style: 'unit', unit: 'second' }) : this.left(seconds);
  }

  /** A time as people say it: rounded, and coarser the longer it is. @param {number} seconds */
  left(seconds) {
    if (seconds < 55) return this.count('up.left.seconds', Math.max(5, Math.ceil(seconds / 5) * 5));
    if (seconds < 3300) return this.count('up.left.minutes', Math.round(seconds / 60));
    return this.count('up.left.hours', Math.round(seconds / 3600));
  }

  /** A text with speed and time left behind it, once there is enough to go by. @param {string} text @param {Meter} meter @param {number} rest in bytes */
  pace(text, { sure, rate }, rest) {
    return sure ? [text, this.size(rate, '-per-second'), this.left(rest / rate)].map(apart).join(this.say('up.comma')) : text;
  }
}

/** Speed that doesn't jump: an average that forgets what is some seconds old. */
export class Meter {
  rate = 0;
  bytes = 0;
  at = 0;
  /** Steps of half a second or more; the first one only begins. */
  steps = -1;

  /** Only forward steps count: a part given up is no speed. @param {number} bytes so far @param {number} now in ms */
  see(bytes, now) {
    const span = (now - this.at) / 1000;
    if (this.steps >= 0) {
      if (span < 0.5) return;
      const step = Math.max(0, bytes - this.bytes) / span;
      this.rate = this.rate ? this.rate + (step - this.rate) * (1 - Math.exp(-span / 4)) : step;
    }
    this.steps++;
    this.bytes = bytes;
    this.at = now;
  }

  /** Whether there is enough to go by. */
  get sure() {
    return this.rate > 0 && this.steps > 4;
  }
}

/** @typedef {Record<string, number>} Count files by what they do */

/** Decides what is worth saying aloud: a beginning, each quarter, a halt, an end. Never the same twice in a row. */
export class Teller {
  /** @type {Count} */
  last = { done: 0, busy: 0, paused: 0, offline: 0 };
  quarter = 0;
  began = 0;

  /** @param {Words} words */
  constructor(words) {
    this.words = words;
  }

  /** @param {Count} now @param {number} progress 0 to 1 @param {string[]} troubles that are new, in words @returns {string} '' for nothing */
  hear(now, progress, troubles) {
    const trouble = troubles[1] ? this.words.count('up.say.bad', troubles.length) : troubles[0];
    return [trouble, this.news(now, Math.floor(progress * 4))].filter(Boolean).join(' ');
  }

  /** @param {Count} now @param {number} quarter that the progress is in */
  news(now, quarter) {
    const { last, words, began } = this;
    this.last = now;
    const going = now.busy + now.offline;
    const risen = quarter > this.quarter;
    if (going && !(last.busy + last.offline)) {
      this.began = last.done;
      this.quarter = quarter;
      return words.count('up.say.started', going);
    }
    // What a lost part takes back isn't told again when it comes back.
    if (risen) this.quarter = quarter;
    if (now.offline && !last.offline) return words.say('up.say.offline');
    if (now.paused > last.paused) return words.say('up.say.paused');
    if (!going && now.done > began) {
      this.began = now.done;
      return words.count('up.say.done', now.done - began);
    }
    return going && risen && quarter < 4 ? words.say('up.say.progress', { percent: words.percent(quarter / 4) }) : '';
  }
}
