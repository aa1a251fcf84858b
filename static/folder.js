/** @import {List} from './list.js' */
/** @import {Upload} from './upload.js' */
import { showName } from './core.js';

/** Rows of files that need the person, and of folders that hold one. */
const URGENT = ':is([data-state=refused], [data-state=failed], [data-state=interrupted], [data-state=attention])';

/** Rows that need the person come first, in the list and in a folder. A row that has the focus stays where it is. @param {HTMLElement} row */
export function placeRow(row) {
  const { parentElement: list, nextElementSibling: next } = row;
  if (!list || row.contains(document.activeElement)) return;
  if (!row.matches(URGENT)) {
    // Most rows are in their place, and there may be thousands.
    if (next?.matches(URGENT)) [...list.querySelectorAll(`:scope > ${URGENT}`)].at(-1)?.after(row);
    return;
  }
  const first = list.querySelector(`:scope > :not(${URGENT})`);
  if (first && first.compareDocumentPosition(row) === Node.DOCUMENT_POSITION_FOLLOWING) first.before(row);
}

/** The row of a folder: it says how far its files are, and opens to show the row of each. */
export class Folder {
  /** @type {Set<Upload>} */
  uploads = new Set();
  /** Holds the rows of its files. @type {HTMLElement} */ list;
  /** @type {HTMLElement} */ #size;
  /** @type {HTMLProgressElement} */ #bar;
  /** @type {HTMLElement} */ #text;

  /** @param {string} name @param {HTMLElement} rowTemplate that of a file, before that of a folder */
  constructor(name, rowTemplate) {
    this.node = /** @type {HTMLElement} */ (/** @type {Element} */ (rowTemplate.nextElementSibling).cloneNode(true));
    const [summary, list] = /** @type {any} */ (this.node.firstElementChild).children;
    const [, label, size, bar, state] = summary.children;
    [this.list, this.#size, this.#bar, this.#text] = [list, size, bar, state.firstElementChild];
    showName(label, name);
    list.ariaLabel = name;
    bar.ariaHidden = 'true'; // the text says as much
  }

  /** @param {string} state of its files together @param {number} progress 0 to 1 @param {string} text @param {string} size */
  show(state, progress, text, size) {
    this.node.dataset.state = state;
    this.#bar.value = progress;
    this.#text.textContent = text;
    this.#size.textContent = size;
    placeRow(this.node);
  }
}

/** Puts the row of each file that was chosen or dropped with a folder into the row of the folder, and removes folders that are empty. @param {List} list @param {Map<string, Folder>} folders by name */
export function fillFolders({ rows, filesNode, rowTemplate }, folders) {
  for (const folder of folders.values()) folder.uploads.clear();
  for (const [upload, { node, folder: name }] of rows) {
    if (!name) continue;
    const folder = folders.get(name) ?? new Folder(name, rowTemplate);
    folders.set(name, folder);
    folder.uploads.add(upload);
    if (folder.node.parentNode !== filesNode) filesNode.append(folder.node);
    if (node.parentNode !== folder.list) folder.list.append(node);
  }
  for (const [name, { node, uploads }] of folders) {
    if (uploads.size) continue;
    node.remove();
    folders.delete(name);
  }
}
