/** @import {Rules} from './types.d.ts' */

/** Whether a profile's types include a content type. An empty one counts as application/octet-stream, as at the server. @param {string[]} types @param {string} type */
export function includesType(types, type) {
  const given = type || 'application/octet-stream';
  const patterns = ['*/*', given, given.replace(/\/.*/, '/*')];
  return !types.length || types.some((allowed) => patterns.includes(allowed));
}

/** The code of the rule that a file breaks, as the API names it; '' for none. @param {File} file @param {Rules} rules */
export function checkRules(file, rules) {
  if (!includesType(rules.types, file.type)) return 'type_not_allowed';
  if (file.size > rules.max) return 'size_too_large';
  return file.size < rules.min ? 'size_too_small' : '';
}
