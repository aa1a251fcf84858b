/** @typedef {{file: File, handle?: FileSystemFileHandle | null}} Found */

/** @param {FileSystemFileEntry} entry @returns {Promise<File>} */
const fileOf = (entry) => new Promise((resolve, reject) => entry.file(resolve, reject));

/** Every file under an entry. Browsers list a folder a hundred names at a time. @param {FileSystemEntry} entry @returns {AsyncGenerator<Found>} */
async function* walk(entry) {
  if (entry.isFile) {
    yield { file: await fileOf(/** @type {FileSystemFileEntry} */ (entry)) };
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
 * Files and folders that were dropped, with handles where the browser gives them: they open the same file after a reload.
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
    else if (file) yield { file, handle: await handle };
  }
}

/**
 * Opens a file dialogue of its own.
 * @param {object} settings of the control @param {(files: File[]) => void} take
 */
export function ask(settings, take) {
  const input = document.createElement('input');
  input.type = 'file';
  Object.assign(input, settings);
  input.onchange = () => take([...(input.files ?? [])]);
  input.click();
}

/**
 * Turns drops and pastes into files.
 * @param {HTMLElement} zone @param {AbortSignal} signal
 * @param {{welcome: (types: string[]) => boolean, take: (found: Found) => void}} host
 */
export function receive(zone, signal, { welcome, take }) {
  let depth = 0;
  const rest = () => {
    depth = 0;
    zone.removeAttribute('dragging');
  };
  const over = (/** @type {DragEvent} */ event) => {
    const items = [...(event.dataTransfer?.items ?? [])].filter((item) => item.kind === 'file');
    if (!items.length || !event.dataTransfer) return;
    event.preventDefault();
    const fine = welcome(items.map((item) => item.type));
    event.dataTransfer.dropEffect = fine ? 'copy' : 'none';
    zone.setAttribute('dragging', fine ? 'accepts' : 'refuses');
  };
  zone.addEventListener('dragenter', () => depth++, { signal });
  zone.addEventListener('dragleave', () => --depth < 1 && rest(), { signal });
  zone.addEventListener('dragover', over, { signal });
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
    for (const file of files) take({ file });
  }, { signal });
}
