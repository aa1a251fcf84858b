/** A file; with a handle where the browser gives one: it opens the same file after a reload. @typedef {File & {handle?: FileSystemFileHandle | null}} Found */

/** @param {FileSystemFileEntry} entry @returns {Promise<File>} */
const fileOf = (entry) => new Promise((resolve, reject) => entry.file(resolve, reject));

/** Every file under an entry. Browsers list a folder a hundred names at a time. @param {FileSystemEntry} entry @returns {AsyncGenerator<Found>} */
async function* walk(entry) {
  if (entry.isFile) {
    yield fileOf(/** @type {FileSystemFileEntry} */ (entry));
    return;
  }
  const reader = /** @type {FileSystemDirectoryEntry} */ (entry).createReader();
  for (;;) {
    /** @type {FileSystemEntry[]} */
    const names = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!names.length) return;
    for (const name of names) yield* walk(name);
  }
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
    const handles = keep && (await /** @type {any} */ (window).showOpenFilePicker?.());
    if (handles) return Promise.all(handles.map(async (handle) => Object.assign(await handle.getFile(), { handle })));
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
  const over = (/** @type {DragEvent} */ event) => {
    const data = /** @type {DataTransfer} */ (event.dataTransfer);
    const items = [...data.items].filter((item) => item.kind === 'file');
    if (!items.length) return;
    event.preventDefault();
    const fine = welcome(items.map((item) => item.type));
    data.dropEffect = fine ? 'copy' : 'none';
    zone.setAttribute('dragging', fine ? 'accepts' : 'refuses');
  };
  zone.addEventListener('dragover', over, { signal });
  zone.addEventListener('dragleave', ({ relatedTarget }) => {
    if (!zone.contains(/** @type {Node | null} */ (relatedTarget))) rest();
  }, { signal });
  zone.addEventListener('drop', async (event) => {
    rest();
    if (!event.dataTransfer?.types.includes('Files')) return;
    event.preventDefault();
    for await (const found of dropped(event.dataTransfer)) take(found);
  }, { signal });
  document.addEventListener('paste', (event) => {
    const files = event.clipboardData?.files;
    if (!files?.length || event.defaultPrevented) return;
    event.preventDefault();
    for (const file of files) take(file);
  }, { signal });
}
