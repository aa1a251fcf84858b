import { setState } from './properties.js';
import { SENTENCES } from './texts.js';

/** Ms after which a widget without a handshake has failed. */
const PATIENCE = 8000;
/** Ms that each question about the reason may take. */
const ASK_FOR = 2000;

/** Waits for the handshake with a tag's frame. Where there is none, it shows the tag's content in place of the frame, and says why. */
export class Watch {
  /** What the visitor is told; '' while nothing has failed. */
  failure = '';
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** Directives of the page's Content-Security-Policy that kept something of the server away. @type {Set<string>} */
  #violated = new Set();
  /** Stands in place of the frame. */
  #fallback = document.createElement('div');
  #toldOfReceipts = false;
  #tag; #onChange;

  /** @param {HTMLElement & {frame: HTMLIFrameElement, internals: ElementInternals, base: URL}} tag @param {() => void} onChange called when `failure` has changed */
  constructor(tag, onChange) {
    this.#tag = tag;
    this.#onChange = onChange;
    this.#fallback.tabIndex = -1; // browsers show a control's validity only beside what can have the focus
  }

  /** What the browser shows the validity beside. */
  get anchor() {
    return this.failure ? this.#fallback : this.#tag.frame;
  }

  /** @param {URL} url of the frame that is being loaded @param {string} profile */
  begin(url, profile) {
    this.end();
    this.#violated.clear();
    const timer = setTimeout(async () => {
      // A page that isn't shown yet loads no frames.
      if (/** @type {any} */ (document).prerendering) return this.begin(url, profile);
      this.#show(sentenceIn([url.searchParams.get('lang') ?? '', ...navigator.languages]));
      const [code, cause] = await diagnose(url, profile, this.#violated);
      if (timer !== this.#timer) return; // it has answered meanwhile
      console.error(`postern: no answer within 8 s from the frame of <postern-upload profile="${profile}"> on ${origin}: ${url.href}. ${cause}`);
      const detail = { code, message: this.failure };
      this.#tag.dispatchEvent(new CustomEvent('postern:fail', { bubbles: true, detail }));
    }, PATIENCE);
    this.#timer = timer;
  }

  /** Stops waiting. */
  end() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** The frame has answered, perhaps late. */
  succeed() {
    this.end();
    this.#show('');
  }

  /** @param {SecurityPolicyViolationEvent} event of the page */
  addViolation({ disposition, blockedURI, effectiveDirective }) {
    if (disposition === 'enforce' && blockedURI.startsWith(this.#tag.base.origin)) this.#violated.add(effectiveDirective);
  }

  /** Says once on the console why a form has no value. @param {string} name of the field */
  tellOfMissingReceipts(name) {
    if (!this.#toldOfReceipts) console.error(`postern: <postern-upload name="${name}"> has no value: the server gives no receipts. Add to its config: receipts: {secrets: ["env:POSTERN_RECEIPT_KEY"]}. Or set value-as="key" on the tag, for keys that anybody can edit.`);
    this.#toldOfReceipts = true;
  }

  /** Shows the frame, or a sentence and the content of the tag. @param {string} failure '' for none */
  #show(failure) {
    if (failure === this.failure) return;
    this.failure = failure;
    const { frame, shadowRoot, internals } = this.#tag;
    frame.style.display = failure ? 'none' : 'block';
    setState(internals, 'failed', failure);
    const message = document.createElement('p');
    message.role = 'alert';
    message.textContent = failure;
    this.#fallback.replaceChildren(message, document.createElement('slot'));
    if (failure) shadowRoot?.append(this.#fallback);
    else this.#fallback.remove();
    this.#onChange();
  }
}

/** A sentence for the visitor in the first of some languages that there is one in, or else in English. @param {string[]} languages BCP 47 */
function sentenceIn(languages) {
  const primary = (/** @type {string} */ tag) => tag.toLowerCase().split('-')[0];
  const found = languages.map((tag) => Object.keys(SENTENCES).find((key) => primary(key) === primary(tag))).find(Boolean);
  return SENTENCES[found ?? 'en'];
}

/** @param {URL} url @param {RequestInit} init @returns {Promise<number>} the status; 0 for one that can't be read, -1 without an answer */
const ask = (url, init) => fetch(url, { cache: 'no-store', credentials: 'omit', signal: AbortSignal.timeout(ASK_FOR), ...init }).then(({ status }) => status, () => -1);

/**
 * Finds out why the frame doesn't answer. What can't be known is said to be unknown.
 * @param {URL} url of the frame @param {string} profile @param {Set<string>} violated directives of the page's policy
 * @returns {Promise<[code: string, cause: string]>} for scripts, and for the console
 */
async function diagnose(url, profile, violated) {
  const { origin } = self;
  const line = `Add to the profile "${profile}" in its config: origins: ["${origin}"]`;
  if (origin === 'null') return ['opaque_origin', 'A page without an origin, as in a sandboxed frame, can\'t be listed. Add allow-same-origin to its sandbox.'];
  if (violated.has('frame-src')) return ['csp', `The page's Content-Security-Policy forbids the frame. Add to it: frame-src ${url.origin}`];
  if (!navigator.onLine) return ['offline', 'This device is offline.'];
  const status = await ask(url, { method: 'HEAD' });
  if (status === 404) return ['unknown_profile', 'The server has no such profile.'];
  if (status === 403) return ['origin_not_allowed', `The server doesn't list this origin. ${line}`];
  if (status >= 400) return [`http_${status}`, `The server answers with status ${status}.`];
  if (status > 0) return ['no_answer', 'The server lists this origin. Its script may be blocked, or a page around this one may not be listed.'];
  const reached = (await ask(new URL('../healthz', url), { mode: 'no-cors' })) >= 0;
  await new Promise((resolve) => setTimeout(resolve)); // browsers tell of a violation in a task of its own
  if (!reached && !violated.has('connect-src')) return ['network', 'The server can\'t be reached.'];
  return ['no_answer', `The script can't tell why. If the server doesn't list this origin: ${line}`];
}
