import { SENTENCES } from './embed/texts.js';

/** Ms after which a widget without a handshake has failed. */
const PATIENCE = 8000;
/** Ms that each question about the reason may take. */
const ASK_FOR = 2000;

/** Says on the console what a tag costs that is moved during an upload. */
export function tellOfMove() {
  console.warn('postern: <postern-upload> was moved or removed during an upload: its frame is loaded again, and unfinished files have to be chosen again. moveBefore() avoids that.');
}

/**
 * Moves the focus to the first control for which a form isn't sent, as browsers do. Firefox does that for a tag only once: it waits for the
 * event blur, which no iframe gets. Where nobody has pressed the form's button, a script only asks whether the form is valid.
 * @param {HTMLElement & {form: HTMLFormElement | null}} tag
 */
export function takeFocus(tag) {
  const button = /** @type {HTMLButtonElement | null} */ (document.activeElement);
  const pressed = button?.type === 'submit' && button.form === tag.form && navigator.userActivation?.isActive !== false;
  if (pressed && [...tag.form?.elements ?? []].find((control) => control.matches(':invalid:not(fieldset)')) === tag) tag.focus();
}

/** Tags whose receipts are missing and were told of. @type {WeakSet<Element>} */
const toldOf = new WeakSet();

/** Says once on the console why a tag adds nothing to its form. @param {Element} tag */
export function tellOfReceipts(tag) {
  if (!toldOf.has(tag)) console.error(`postern: <postern-upload name="${tag.getAttribute('name')}"> has no value: the server gives no receipts. Add to its config: receipts: {secrets: ["env:POSTERN_RECEIPT_KEY"]}. Or set value-as="key" on the tag, for keys that anybody can edit.`);
  toldOf.add(tag);
}

/** A sentence for the visitor in the language of a frame's page or else in one of the browser's, as far as there is one. @param {URL} url of the frame */
function sentenceFor(url) {
  const primary = (/** @type {string} */ tag) => tag.toLowerCase().split('-')[0];
  const languages = [url.searchParams.get('lang') ?? '', ...navigator.languages];
  const found = languages.map((tag) => Object.keys(SENTENCES).find((key) => primary(key) === primary(tag))).find(Boolean);
  return SENTENCES[found ?? 'en'];
}

/** @param {URL} url @param {RequestInit} init @returns {Promise<number>} the status; 0 for one that can't be read, -1 without an answer */
const ask = (url, init) => fetch(url, { cache: 'no-store', credentials: 'omit', signal: AbortSignal.timeout(ASK_FOR), ...init }).then(({ status }) => status, () => -1);

/**
 * Finds out why a frame doesn't answer. What can't be known is said to be unknown.
 * @param {URL} url of the frame @param {string} profile @param {(directive: string) => boolean} violated whether the page's policy has kept something of the server away
 * @returns {Promise<[code: string, cause: string]>} for scripts, and for the console
 */
async function diagnose(url, profile, violated) {
  const { origin } = self;
  const line = `Add to the profile "${profile}" in its config: origins: ["${origin}"]`;
  if (origin === 'null') return ['opaque_origin', 'A page without an origin, as in a sandboxed frame, can\'t be listed. Add allow-same-origin to its sandbox.'];
  if (violated('frame-src')) return ['csp', `The page's Content-Security-Policy forbids the frame. Add to it: frame-src ${url.origin}`];
  if (!navigator.onLine) return ['offline', 'This device is offline.'];
  const status = await ask(url, { method: 'HEAD' });
  if (status === 404) return ['unknown_profile', 'The server has no such profile.'];
  if (status === 403) return ['origin_not_allowed', `The server doesn't list this origin. ${line}`];
  if (status >= 400) return [`http_${status}`, `The server answers with status ${status}.`];
  if (status > 0) return ['no_answer', 'The server lists this origin. Its script may be blocked, or a page around this one may not be listed.'];
  const reached = (await ask(new URL('../healthz', url), { mode: 'no-cors' })) >= 0;
  await new Promise((resolve) => setTimeout(resolve)); // browsers tell of a violation in a task of its own
  if (!reached && !violated('connect-src')) return ['network', 'The server can\'t be reached.'];
  return ['no_answer', `The script can't tell why. If the server doesn't list this origin: ${line}`];
}

/**
 * Explains to the visitor, and on the console, a tag whose frame hasn't answered in time.
 * @param {HTMLElement & {frame: HTMLIFrameElement, port: MessagePort | null, violations: SecurityPolicyViolationEvent[]}} tag
 * @returns {Promise<[sentence: string, code: Promise<string>]>}
 */
export async function explain(tag) {
  // A page that isn't shown yet loads no frames.
  if (/** @type {any} */ (document).prerendering) {
    await new Promise((resolve) => document.addEventListener('prerenderingchange', resolve, { once: true }));
    await new Promise((resolve) => setTimeout(resolve, PATIENCE));
  }
  const url = new URL(tag.frame.src);
  const profile = tag.getAttribute('profile') ?? '';
  const violated = (/** @type {string} */ directive) => tag.violations.some(({ disposition, blockedURI, effectiveDirective }) => disposition === 'enforce' && effectiveDirective === directive && blockedURI.startsWith(url.origin));
  const find = async () => {
    const [code, cause] = await diagnose(url, profile, violated);
    if (!tag.port) console.error(`postern: no answer within 8 s from the frame of <postern-upload profile="${profile}"> on ${origin}: ${url.href}. ${cause}`);
    return code;
  };
  return [sentenceFor(url), find()];
}
