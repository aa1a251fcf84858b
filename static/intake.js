/** A file; with a handle where the browser gives one: it opens the same file after a reload. @typedef {File & {handle?: FileSystemFileHandle | null}} Found */

/** @param {any} object @param {string} method that takes two callbacks @returns {Promise<any>} */
const promised = (object, method) => new Promise((resolve, reject) => object[method](resolve, reject));

/** Every file under an entry. Browsers list a folder a hundred names at a time. @param {FileSystemEntry} entry @returns {AsyncGenerator<Found>} */
async function* walk(entry) {
  if (entry.isFile) {
    yield promised(entry, 'file');
    return;
  }
  const reader = /** @type {FileSystemDirectoryEntry} */ (entry).createReader();
  /** @type {FileSystemEntry[]} */
  let inside;
  while ((inside = await promised(reader, 'readEntries')).length) for (const each of inside) yield* walk(each);
}

/**
 * Files and folders that were dropped.
 * @param {DataTransfer} data
 * @returns {AsyncGenerator<Found>}
 */
export async function* dropped(data) {
  // Items are gone after the first wait, so everything is asked for at once.
  const items = [...data.items].filter((item) => item.kind === 'file').map((item) => ({
    entry: item.webkitGetAsEntry(),
    file: item.getAsFile(),
    handle: /** @type {any} */ (item).getAsFileSystemHandle?.().catch(() => null),
  }));
  for (const { entry, file, handle } of items) {
    if (entry?.isDirectory) yield* walk(entry);
    else if (file) yield Object.assign(file, { handle: await handle });
  }
}

/**
 * Opens a file dialogue of its own.
 * @param {object} settings of the control @param {boolean} [keep] whether a handle is wanted
 * @returns {Promise<Found[]>} nothing when the person thinks better of it
 */
export async function ask(settings, keep) {
  try {
    /** @type {FileSystemFileHandle[]} */
    const [handle] = (keep && (await /** @type {any} */ (window).showOpenFilePicker?.())) || [];
    if (handle) return [Object.assign(await handle.getFile(), { handle })];
  } catch (error) {
    // Frames of another site may not ask this way.
    if (/** @type {Error} */ (error).name === 'AbortError') return [];
  }
  const input = Object.assign(document.createElement('input'), { type: 'file', ...settings });
  return new Promise((resolve) => {
    input.onchange = () => resolve([...(input.files ?? [])]);
    input.click();
  });
}

/**
 * Turns drops and pastes into files.
 * @param {HTMLElement} zone @param {AbortSignal} signal
 * @param {{welcome: (types: string[]) => boolean, take: (found: Found) => void}} host
 */
export function receive(zone, signal, { welcome, take }) {
  const rest = () => zone.removeAttribute('dragging');
  /** What is over the zone. Beside it, on a page of ours, the browser would only show a file in the page's place. @param {DragEvent} event */
  const aimed = (event) => {
    const { dataTransfer, target } = event;
    const inside = zone.contains(/** @type {Node} */ (target));
    if (!dataTransfer?.types.includes('Files') || !(inside || (zone.closest('.postern-page') && !event.defaultPrevented))) return null;
    event.preventDefault();
    dataTransfer.dropEffect = 'none';
    return inside && dataTransfer;
  };
  addEventListener('dragover', (/** @type {any} */ event) => {
    const data = aimed(event);
    if (!data) return rest();
    const fine = welcome([...data.items].filter((item) => item.kind === 'file').map((item) => item.type));
    if (fine) data.dropEffect = 'copy';
    return zone.setAttribute('dragging', fine ? 'accepts' : 'refuses');
  }, { signal });
  addEventListener('dragleave', (/** @type {any} */ { relatedTarget }) => relatedTarget || rest(), { signal });
  addEventListener('drop', async (/** @type {any} */ event) => {
    rest();
    const data = aimed(event);
    if (data) for await (const file of dropped(data)) take(file);
  }, { signal });
  document.addEventListener('paste', (event) => {
    const { clipboardData, target, defaultPrevented } = event;
    const files = clipboardData?.files;
    // Text fields elsewhere have their own use for it.
    if (!files?.length || defaultPrevented || !(target === document.body || zone.contains(/** @type {Node} */ (target)))) return;
    event.preventDefault();
    for (const file of files) take(file);
  }, { signal });
}
