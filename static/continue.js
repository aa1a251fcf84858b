/** @import {Uploader} from './element.js' */
/** @import {Messages} from './messages.js' */

/** The button of each element, and the form that it posts. @type {WeakMap<Uploader, {button: HTMLButtonElement, form: HTMLFormElement}>} */
const shown = new WeakMap();

/** @param {Uploader} element @param {Messages} messages */
function add(element, messages) {
  const form = Object.assign(document.createElement('form'), { method: 'post', action: element.getAttribute('redirect'), hidden: true });
  const button = Object.assign(document.createElement('button'), { type: 'submit', textContent: messages.text('upload.continue') });
  const line = Object.assign(document.createElement('p'), { className: 'postern-continue' });
  form.id = `postern-continue-${element.input?.id}`;
  button.setAttribute('form', form.id);
  line.append(button);
  element.append(line);
  element.after(form);
  shown.set(element, { button, form });
  return { button, form };
}

/** The states of files that nobody can go on without. */
const UNDER_WAY = /chosen|waiting|preparing|sending|paused|offline|retrying|confirming/;

/**
 * Shows the button that goes on to the application once a file is done and none is under way. It posts the receipts of all files to
 * where the profile's `redirect` leads.
 * @param {Uploader} element
 */
export function showContinue(element) {
  const { value, queue, list } = element;
  if (!queue || !list || (!value.length && !shown.has(element))) return;
  const { button, form } = shown.get(element) ?? add(element, list.messages);
  button.hidden = !value.length || [...queue.uploads].some(({ state }) => UNDER_WAY.test(state));
  const receipts = value.map(({ receipt }) => receipt ?? '').filter(Boolean);
  form.replaceChildren(...receipts.map((text) => Object.assign(document.createElement('input'), { type: 'hidden', name: 'receipt', value: text })));
}
