import { RequestError } from './core.js';

/** How often a host that fails to answer is asked before the files that need the answer fail. */
const MAX_ATTEMPTS = 3;

/** A question, and what waits for its answer. @typedef {{attempts: number, waiting: ((value?: any) => void)[]}} Question */

/** What a widget asks the page around it. */
export class Questions {
  /** Open questions, by their name and their content as JSON. @type {Map<string, Question>} */
  #open = new Map();
  #port;

  /** @param {MessagePort} port */
  constructor(port) {
    this.#port = port;
  }

  /** Asks the host. Files that ask the same at the same time share one question. @param {string} name @param {object} content @returns {Promise<any>} */
  ask(name, content) {
    const key = name + JSON.stringify(content);
    const question = this.#open.get(key) ?? { attempts: 0, waiting: [] };
    this.#open.set(key, question);
    return new Promise((resolve, reject) => {
      // A host that doesn't answer counts as a lost network: the question is repeated later.
      const finish = (/** @type {any} */ value) => (value === undefined ? reject(new RequestError(0, '')) : resolve(value));
      if (question.waiting.push(finish) === 1) this.#port.postMessage({ [name]: content });
    });
  }

  /** @param {string} name of the question @param {any} answer its content, with `value`; undefined where the host failed */
  receive(name, { value, ...content }) {
    const key = name + JSON.stringify(content);
    const question = this.#open.get(key);
    if (!question) return;
    if (value === undefined && ++question.attempts < MAX_ATTEMPTS) {
      setTimeout(() => this.#port.postMessage({ [name]: content }), 500 * question.attempts);
      return;
    }
    this.#open.delete(key);
    question.waiting.forEach((finish) => finish(value));
  }
}
