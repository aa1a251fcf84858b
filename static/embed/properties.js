/**
 * Gives a form-associated element the members that every form control has.
 * @param {CustomElementConstructor & {prototype: any}} Element with its ElementInternals in `internals`
 */
export function addControlMembers({ prototype }) {
  prototype.metadata = null; // of each file, or a function that gives those of one
  /** @param {string[]} names @param {(name: string) => PropertyDescriptor & ThisType<any>} describe */
  const define = (names, describe) => names.forEach((name) => Object.defineProperty(prototype, name, { configurable: true, ...describe(name) }));
  define(['form', 'labels', 'validity', 'validationMessage', 'willValidate'], (name) => ({ get() { return this.internals[name]; } }));
  define(['checkValidity', 'reportValidity'], (name) => ({ value() { return this.internals[name](); } }));
  define(['required', 'disabled'], (name) => ({ get() { return this.hasAttribute(name); }, set(on) { this.toggleAttribute(name, !!on); } }));
  define(['name', 'profile', 'server'], (name) => ({ get() { return this.getAttribute(name) ?? ''; }, set(text) { this.setAttribute(name, text); } }));
}

/** Sets again what a page had set on an element before its class was known. @param {any} element */
export function upgradeProperties(element) {
  for (const [name, value] of Object.entries(element)) {
    if (name in Object.getPrototypeOf(element) && delete element[name]) Reflect.set(element, name, value);
  }
}

/** Sets a state for :state(). Older browsers know no states, or only names that begin with --. @param {ElementInternals} internals @param {string} name @param {unknown} on */
export function setState({ states }, name, on) {
  try { states[on ? 'add' : 'delete'](name); } catch { /* the events tell as much */ }
}
