import { SCRIPT } from './frame.js';

/** What a visitor reads where not even embed-failure.js can be loaded, which has the other languages. */
const SENTENCE = 'The upload form can’t be loaded. Reload the page, or tell whoever runs this site.';

/** Loads a module beside this script. Browsers may remember that an address couldn't be loaded, so the second try has another. @param {string} name @returns {Promise<any>} */
const load = (name) => import(`${new URL(name, SCRIPT)}`).catch(() => import(`${new URL(name, SCRIPT)}?${Date.now()}`));
/** The module that is needed when something has gone wrong; null where it can't be loaded. @returns {Promise<typeof import('../embed-failure.js') | null>} */
export const loadFailure = () => load('embed-failure.js').catch(() => null);
/** Explains a frame that doesn't answer where embed-failure.js can't be loaded. @param {{frame: HTMLIFrameElement, violations: unknown[]}} tag @returns {[sentence: string, code: string]} */
export function explainWithout({ frame, violations }) {
  console.error(`postern: ${frame.src} can't be reached from ${origin}`);
  return [SENTENCE, navigator.onLine ? violations[0] ? 'no_answer' : 'network' : 'offline'];
}

/** Answers a question of a frame. @param {HTMLElement} tag @param {MessagePort} port to the frame @param {string} name @param {any} question */
export async function answer(tag, port, name, question) {
  const value = await load('embed-answers.js').then((answers) => answers[name]?.(tag, question)).catch(reportError);
  port.postMessage({ [name]: { ...question, value } });
}
