/** @import {Uploader} from './element.js' */
/** @import {PickedFile} from './file-sources.js' */

/**
 * The metadata of a file: its path where it is of a folder, then those of the attribute `metadata` (a JSON object), then those of the
 * property `metadata` (an object, or a function of the file that returns one or a promise of one). Only names that the profile accepts
 * are sent: the server would refuse the file for any other.
 * @param {Uploader} element @param {PickedFile | null} file @returns {Promise<Record<string, string>>}
 */
export async function metadataOf(element, file) {
  const accepted = (element.getAttribute('accept-metadata') ?? '').split(' ');
  const path = file?.path || file?.webkitRelativePath;
  const { metadata } = /** @type {any} */ (element);
  const all = {
    ...(path && { path }),
    ...JSON.parse(element.getAttribute('metadata') || '{}'),
    ...(typeof metadata === 'function' ? await metadata(file) : metadata),
  };
  /** @type {Record<string, string>} */
  const sent = {};
  for (const [name, value] of Object.entries(all)) {
    if (accepted.includes(name)) sent[name] = `${value ?? ''}`;
    else if (name !== 'path') console.warn(`postern: the profile doesn't accept the metadata "${name}"; add it to accept_metadata`);
  }
  return sent;
}
