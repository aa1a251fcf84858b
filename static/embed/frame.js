/** The properties with which a host styles the widget, set on the tag or on any element around it. */
const THEME = ['accent', 'radius', 'font', 'surface', 'text', 'border', 'space'].map((name) => `--postern-${name}`);
/** This script's address: of a classic script as the document has it, of a module as an error's stack has it. */
export const SCRIPT = /** @type {HTMLScriptElement | null} */ (document.currentScript)?.src || /https?:\S+?(?=(:\d+)+\)?$)/m.exec(`${new Error().stack}`)?.[0] || location.href;
/** The URL of the server that this script came from. */
const SERVER = new URL('.', SCRIPT).href.replace(/assets\/\w+\/$/, '');

/** The URL of a tag's server, with a slash at its end: the attribute's, or else where this script came from. @param {HTMLElement} tag */
export const serverOf = (tag) => new URL((tag.getAttribute('server') ?? SERVER).replace(/\/*$/, '/'), location.href);

/** What a tag's frame shows: the page of its profile, in the language around the tag, with the tag's label. @param {HTMLElement & {internals: ElementInternals, profile: string}} tag */
export function pageOf(tag) {
  const { profile } = tag;
  const url = new URL(`widget/${encodeURIComponent(profile)}`, serverOf(tag));
  const lang = /** @type {HTMLElement | null} */ (tag.closest('[lang]'))?.lang;
  if (lang) url.searchParams.set('lang', lang);
  const label = [...(tag.ariaLabelledByElements ?? []), ...tag.internals.labels][0]?.textContent?.trim();
  return { src: `${url}`, title: tag.ariaLabel ?? label ?? profile };
}

/** The iframe of a tag. @param {() => void} onTheme called when the host's theme has changed */
export function newFrame(onTheme) {
  const frame = document.createElement('iframe');
  // The transition is invisible: its start tells that the host's theme has changed.
  frame.style.cssText = `display:block;border:0;width:100%;height:15.75rem;transition:1ms allow-discrete;transition-property:color-scheme,${THEME}`;
  frame.ontransitionrun = onTheme;
  return frame;
}

/** What the frame is told of the host's theme. @param {HTMLElement} tag */
export function themeOf(tag) {
  const style = getComputedStyle(tag);
  return { theme: THEME.map((name) => [name, style.getPropertyValue(name)]), scheme: style.colorScheme };
}
