const UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'];

/** Texts, numbers and sizes in the page's language. */
export class Words {
  /** @param {Record<string, string>} catalog @param {string} lang */
  constructor(catalog, lang) {
    this.catalog = catalog;
    this.lang = lang;
    this.plural = new Intl.PluralRules(lang);
    this.number = new Intl.NumberFormat(lang);
    this.share = new Intl.NumberFormat(lang, { style: 'percent' });
    /** @type {Map<string, Intl.NumberFormat>} */
    this.units = new Map();
  }

  /** @param {string} key */
  has(key) {
    return key in this.catalog;
  }

  /** @param {string} key @param {Record<string, string>} [values] */
  say(key, values = {}) {
    return (this.catalog[key] ?? key).replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);
  }

  /** @param {string} key @param {number} n @param {Record<string, string>} [values] */
  count(key, n, values = {}) {
    const form = `${key}.${this.plural.select(n)}`;
    return this.say(this.has(form) ? form : `${key}.other`, { n: this.number.format(n), ...values });
  }

  /** Never 100 % before the end. @param {number} progress 0 to 1 */
  percent(progress) {
    return this.share.format(Math.floor(progress * 100) / 100);
  }

  /** @param {number} bytes @param {string} [per] '-per-second' */
  size(bytes, per = '') {
    const step = Math.min(4, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
    const value = bytes / 1024 ** step;
    const unit = UNITS[step] + per;
    const digits = step > 0 && value < 10 ? 1 : 0;
    const key = unit + digits;
    let format = this.units.get(key);
    if (!format) {
      format = new Intl.NumberFormat(this.lang, { style: 'unit', unit, unitDisplay: step ? 'short' : 'long', maximumFractionDigits: digits });
      this.units.set(key, format);
    }
    return format.format(value);
  }

  /** A time as people say it: rounded, and coarser the longer it is. @param {number} seconds */
  left(seconds) {
    if (seconds < 55) return this.count('up.left.seconds', Math.max(5, Math.ceil(seconds / 5) * 5));
    if (seconds < 3300) return this.count('up.left.minutes', Math.round(seconds / 60));
    return this.count('up.left.hours', Math.round(seconds / 3600));
  }

  /** A text with speed and time left behind it, once there is enough to go by. @param {string} text @param {Meter} meter @param {number} rest in bytes */
  pace(text, { sure, rate }, rest) {
    return sure ? [text, this.size(rate, '-per-second'), this.left(rest / rate)].join(this.say('up.comma')) : text;
  }
}

/** Speed that doesn't jump: an average that forgets what is some seconds old. */
export class Meter {
  rate = 0;
  bytes = -1;
  at = 0;
  began = 0;

  /** Only forward steps count: a part given up is no speed. @param {number} bytes so far @param {number} now in ms */
  see(bytes, now) {
    if (this.bytes < 0) {
      this.began = now;
    } else if (now - this.at < 500) {
      return;
    } else {
      const span = (now - this.at) / 1000;
      const step = Math.max(0, bytes - this.bytes) / span;
      const weight = 1 - Math.exp(-span / 4);
      this.rate = this.rate ? this.rate + (step - this.rate) * weight : step;
    }
    this.bytes = bytes;
    this.at = now;
  }

  /** Whether there is enough to go by. */
  get sure() {
    return this.rate > 0 && this.at - this.began > 2000;
  }
}

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
