/** @import {Rules} from './types.d.ts' */

const unknownType = 'application/octet-stream';

/**
 * Whether a profile may take a file of a content type, with this name. The list has types, all other names of each, and extensions. A type
 * that says nothing is decided by the extension, as at the server, which knows the extensions of a whole family too.
 * @param {string[]} list @param {string} type @param {string} [name]
 */
export function includesType(list, type, name = '') {
  const given = type.replace(/^(binary\/octet-stream)?$/, unknownType);
  const patterns = ['*/*', given, given.replace(/\/.*/, '/*')];
  if (given === unknownType) patterns.push(name.replace(/.*(?=\.)/s, '').toLowerCase());
  return !list.length || list.some((allowed) => patterns.includes(allowed) || (given === unknownType && name.includes('.') && allowed.endsWith('/*')));
}

/** The code of the rule that a file breaks, as the API names it; '' for none. @param {{type: string, name: string, size: number}} file @param {Rules} rules */
export function checkRules({ type, name, size }, rules) {
  if (!includesType(rules.types, type, name)) return 'type_not_allowed';
  if (size > rules.max) return 'size_too_large';
  return size < rules.min ? 'size_too_small' : '';
}
