/**
 * The names that are not methods of a client's agent object. `await`, string conversion, JSON.stringify(), console.log(),
 * debuggers and test tools read and call them on every object, and must not thereby call the agent. A module may export
 * functions of these names: clients call them by call() and notify().
 */

const NAMES = [
  // Promises.
  ...(['then', 'catch', 'finally'] as const),
  // Every object; the other names of Object.prototype begin with an underscore.
  ...(['constructor', 'hasOwnProperty', 'isPrototypeOf', 'propertyIsEnumerable'] as const),
  ...(['toLocaleString', 'toString', 'valueOf'] as const),
  // Serialization and inspection.
  ...(['toJSON', 'toBSON', 'inspect'] as const),
  // Test tools: matchers, and elements of the DOM.
  ...(['asymmetricMatch', 'jasmineToString', 'nodeType', 'nodeName', 'tagName', 'hasAttribute'] as const),
  // Loggers: an object with `headers` may be a request of HTTP.
  'headers',
] as const;

/** Tools mark objects with names such as `$$typeof`, `_isMockFunction`, `__v_isRef` and `@@observable`. */
const MARK = /^[_$@]/;

export type ReservedName = (typeof NAMES)[number] | `_${string}` | `$${string}` | `@${string}`;

const names: ReadonlySet<string> = new Set(NAMES);

export function isReservedName(name: string): name is ReservedName {
  return names.has(name) || MARK.test(name);
}
