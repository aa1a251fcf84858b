/** @typedef {string | Promise<string>} Ticket */
/** What a function of the host is told of a file. @typedef {{name: string, size: number, type: string, lastModified: number, path: string}} FileDescription */
/** @typedef {Record<string, string>} Metadata */
/** @typedef {HTMLElement & {ticket: string | ((renew: boolean) => Ticket), metadata: null | Metadata | ((file: FileDescription) => Metadata | Promise<Metadata>)}} Tag */

/* embed.js finds the answer to what a frame asks by the name of the question. */

/** A ticket from the property, or from a listener of the event. @param {Tag} tag @param {{renew: boolean}} question */
export async function ticket(tag, { renew }) {
  let given = typeof tag.ticket === 'function' ? tag.ticket(renew) : tag.ticket;
  tag.dispatchEvent(new CustomEvent('postern:ticket', { bubbles: true, detail: { renew, answer: (/** @type {Ticket} */ value) => { given = value; } } }));
  return `${(await given) ?? ''}`;
}

/** Metadata of a file: the attribute's, and over them the property's. @param {Tag} tag @param {FileDescription} file */
export async function metadata(tag, file) {
  const { metadata } = tag;
  return { ...JSON.parse(tag.getAttribute('metadata') || '{}'), ...(typeof metadata === 'function' ? await metadata(file) : metadata) };
}
