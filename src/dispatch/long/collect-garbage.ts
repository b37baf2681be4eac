/** Makes V8 collect garbage now. V8 plans its collections by its own heap, and does not count shared memory. */

type Collect = (options: { type: 'minor' | 'major'; execution: 'sync' }) => void;
let collect: Collect | undefined;

/** Frees dropped shared memory. The heap of this thread is small, so that a collection takes a few milliseconds. */
export function collectGarbage(): void {
  collect ??= findCollect();
  collect?.({ type: 'major', execution: 'sync' });
}

/** V8 has a function for it, which Node hides: https://nodejs.org/api/cli.html#--expose-gc */
function findCollect(): Collect | undefined {
  process.getBuiltinModule('node:v8').setFlagsFromString('--expose-gc');
  const found: unknown = process.getBuiltinModule('node:vm').runInNewContext('globalThis.gc');
  return typeof found === 'function' ? (found as Collect) : undefined;
}
