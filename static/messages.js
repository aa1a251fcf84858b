/** Prefixes of units, in steps of 1,024. */
const PREFIXES = ['', 'kilo', 'mega', 'giga', 'tera'];

/** Isolates a value (UAX #9), so that its direction doesn't reorder the text around it. @param {string} text */
const isolate = (text) => `\u2068${text}\u2069`;

/** Texts, numbers and sizes in the page's language. */
export class Messages {
  /** Formatters, kept because making one is slow. @type {Map<string, Intl.NumberFormat>} */
  #formats = new Map();
  #catalog;
  #lang;
  #plurals;

  /** @param {Record<string, string>} catalog @param {string} [lang] the browser's language unless given */
  constructor(catalog, lang) {
    this.#catalog = catalog;
    this.#lang = lang;
    this.#plurals = new Intl.PluralRules(lang);
    // The first format of a page takes up to a tenth of a second, which a person who has just chosen a file would wait for.
    (self.requestIdleCallback ?? setTimeout)(() => this.size(1024));
  }

  /** @param {string} key @param {Record<string, string>} [values] @param {string} [fallback] another key, for when the first one is missing */
  text(key, values = {}, fallback = key) {
    const catalog = this.#catalog;
    return (catalog[key] ?? catalog[fallback] ?? key).replace(/\{(\w+)\}/g, (all, name) => (name in values ? isolate(values[name] ?? '') : all));
  }

  /** A text that depends on a number. @param {string} key @param {number} n @param {Record<string, string>} [values] */
  plural(key, n, values) {
    return this.text(`${key}.${this.#plurals.select(n)}`, { n: this.number(n), ...values }, `${key}.other`);
  }

  /** A number, in the digits that the server writes in every language; it stays in one line with its unit. @param {number} value @param {Intl.NumberFormatOptions} [options] */
  number(value, options = {}) {
    const key = Object.values(options).join();
    const format = this.#formats.get(key) ?? new Intl.NumberFormat(this.#lang, { numberingSystem: 'latn', ...options });
    this.#formats.set(key, format);
    return format.format(value).replaceAll(' ', '\xa0');
  }

  /** Rounded down, so that 100 % is shown only at the end. @param {number} progress 0 to 1 */
  percent(progress) {
    return this.number(progress, { style: 'percent', roundingMode: 'floor' });
  }

  /**
   * With a rounding mode, one decimal also above ten: a limit is never shown too large, and a size just beyond it differs from it.
   * @param {number} bytes @param {string} [per] '-per-second' @param {'ceil' | 'floor'} [roundingMode]
   */
  size(bytes, per = '', roundingMode) {
    const step = Math.min(4, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
    const value = bytes / 1024 ** step;
    return this.number(value, {
      style: 'unit',
      unit: `${PREFIXES[step]}byte${per}`,
      unitDisplay: step ? 'short' : 'long',
      maximumFractionDigits: step && (value < 10 || roundingMode) ? 1 : 0,
      roundingMode,
    });
  }

  /** A short time, exact to the second. @param {number} seconds */
  countdown(seconds) {
    return seconds < 60 ? this.number(Math.max(1, Math.ceil(seconds)), { style: 'unit', unit: 'second' }) : this.timeLeft(seconds);
  }

  /** A rounded time; the longer, the coarser. @param {number} seconds */
  timeLeft(seconds) {
    if (seconds < 55) return this.plural('upload.time_left.seconds', Math.max(5, Math.ceil(seconds / 5) * 5));
    if (seconds < 3300) return this.plural('upload.time_left.minutes', Math.round(seconds / 60));
    return this.plural('upload.time_left.hours', Math.round(seconds / 3600));
  }

  /** A text followed by speed and time left, once they are reliable. @param {string} text @param {SpeedMeter} meter @param {number} bytes still to be sent */
  withSpeed(text, { reliable, rate }, bytes) {
    return reliable ? [text, this.size(rate, '-per-second'), this.timeLeft(bytes / rate)].map(isolate).join(this.text('upload.separator')) : text;
  }
}

/** A smoothed speed: a moving average over some seconds. */
export class SpeedMeter {
  /** In bytes per second. */
  rate = 0;
  /** Steps of half a second or more; the first one only begins. */
  steps = -1;
  #bytes = 0;
  #at = 0;

  /** Bytes that were lost and have to be sent again don't lower the speed below 0. @param {number} bytes so far @param {number} now in ms */
  update(bytes, now) {
    const span = (now - this.#at) / 1000;
    if (this.steps >= 0) {
      if (span < 0.5) return;
      const rate = Math.max(0, bytes - this.#bytes) / span;
      this.rate = this.rate ? this.rate + (rate - this.rate) * (1 - Math.exp(-span / 4)) : rate;
    }
    this.steps++;
    this.#bytes = bytes;
    this.#at = now;
  }

  /** Whether there were enough steps. */
  get reliable() {
    return this.rate > 0 && this.steps > 4;
  }
}
