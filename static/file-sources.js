/**
 * A file; with a handle where the browser gives one, which opens the same file after a reload, and its path where it was dropped with its
 * folder.
 * @typedef {File & {handle?: FileSystemFileHandle | null, path?: string}} PickedFile
 */

/** @param {any} object @param {string} method that takes two callbacks @returns {Promise<any>} */
const promisify = (object, method) => new Promise((resolve, reject) => object[method](resolve, reject));

/** All files in a dropped file or folder. Browsers list a folder a hundred names at a time. @param {FileSystemEntry} entry @returns {AsyncGenerator<PickedFile>} */
async function* filesIn(entry) {
  if (entry.isFile) {
    yield Object.assign(await promisify(entry, 'file'), { path: entry.fullPath.slice(1) });
    return;
  }
  const reader = /** @type {FileSystemDirectoryEntry} */ (entry).createReader();
  /** @type {FileSystemEntry[]} */
  let entries;
  while ((entries = await promisify(reader, 'readEntries')).length) for (const each of entries) yield* filesIn(each);
}

/**
 * All files that were dropped, those in folders included.
 * @param {DataTransfer} data
 * @returns {AsyncGenerator<PickedFile>}
 */
async function* droppedFiles(data) {
  // The items can't be read after the first wait, so everything is asked for at once.
  const items = [...data.items].filter((item) => item.kind === 'file').map((item) => ({
    entry: item.webkitGetAsEntry(),
    file: item.getAsFile(),
    handle: /** @type {any} */ (item).getAsFileSystemHandle?.().catch(() => null),
  }));
  for (const { entry, file, handle } of items) {
    if (entry?.isDirectory) yield* filesIn(entry);
    else if (file) yield Object.assign(file, { handle: await handle });
  }
}

/**
 * Opens a file dialogue.
 * @param {object} attributes of the file control @param {boolean} [withHandle] whether a handle is wanted
 * @returns {Promise<PickedFile[]>} none when the person cancels
 */
export async function pickFiles(attributes, withHandle) {
  try {
    /** @type {FileSystemFileHandle[]} */
    const [handle] = (withHandle && (await /** @type {any} */ (window).showOpenFilePicker?.())) || [];
    if (handle) return [Object.assign(await handle.getFile(), { handle })];
  } catch (error) {
    // In a frame of another site this dialogue isn't allowed; the control's is.
    if (/** @type {Error} */ (error).name === 'AbortError') return [];
  }
  const input = Object.assign(document.createElement('input'), { type: 'file', ...attributes });
  return new Promise((resolve) => {
    input.onchange = () => resolve([...(input.files ?? [])]);
    input.click();
  });
}

/** When each zone of the page was used last. @type {WeakMap<Element, number>} */
const lastUse = new WeakMap();
/** @param {Element} zone */
const markUsed = (zone) => lastUse.set(zone, performance.now());
/** Whether no other zone of the page was used later. Before any was used, that is the first one. @param {Element} zone */
const isLastUsed = (zone) => {
  const zones = [...document.querySelectorAll(zone.localName)];
  return zones.reduce((last, other) => ((lastUse.get(other) ?? 0) > (lastUse.get(last) ?? 0) ? other : last)) === zone;
};

/**
 * Adds files that are dropped on a zone or pasted: on the page, they are for the zone that was used last.
 * @param {HTMLElement} zone @param {AbortSignal} signal
 * @param {{accepts: (types: string[]) => boolean, add: (file: PickedFile, index: number) => void}} handlers `index` counts the files of one drop or paste
 */
export function listenForFiles(zone, signal, { accepts, add }) {
  const endDrag = () => zone.removeAttribute('dragging');
  /**
   * The data of a drag over the zone. Beside every zone of a page of ours nothing may be dropped: the browser would leave the page and
   * show the file.
   * @param {DragEvent} event
   */
  const dragData = (event) => {
    const { dataTransfer, target, defaultPrevented } = event;
    const inside = zone.contains(/** @type {Node} */ (target));
    if (!dataTransfer?.types.includes('Files') || !(inside || (zone.closest('.postern-page') && !defaultPrevented))) return null;
    event.preventDefault();
    dataTransfer.dropEffect = 'none';
    return inside && dataTransfer;
  };
  addEventListener('dragover', (/** @type {any} */ event) => {
    const data = dragData(event);
    if (!data) return endDrag();
    const accepted = accepts([...data.items].filter((item) => item.kind === 'file').map((item) => item.type));
    if (accepted) data.dropEffect = 'copy';
    return zone.setAttribute('dragging', accepted ? 'accepts' : 'refuses');
  }, { signal });
  addEventListener('dragleave', (/** @type {any} */ { relatedTarget }) => relatedTarget || endDrag(), { signal });
  addEventListener('drop', async (/** @type {any} */ event) => {
    endDrag();
    const data = dragData(event);
    if (data) markUsed(zone);
    let index = 0;
    if (data) for await (const file of droppedFiles(data)) add(file, index++);
  }, { signal });
  zone.addEventListener('focusin', () => markUsed(zone), { signal });
  document.addEventListener('paste', (event) => {
    const { clipboardData, target, defaultPrevented } = event;
    const files = clipboardData?.files;
    // Text fields elsewhere on the page keep what is pasted into them.
    if (!files?.length || defaultPrevented || !(target === document.body ? isLastUsed(zone) : zone.contains(/** @type {Node} */ (target)))) return;
    event.preventDefault();
    [...files].forEach(add);
  }, { signal });
}

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
const resultOf = (request) => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});

/** Runs one request on the database of file handles. @param {(store: IDBObjectStore) => IDBRequest} request */
export async function withHandles(request) {
  const opening = indexedDB.open('postern', 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore('handles');
  const database = await resultOf(opening);
  try {
    return await resultOf(request(database.transaction('handles', 'readwrite').objectStore('handles')));
  } finally {
    database.close();
  }
}
