/** Compares the methods of a module with those that its version says, and logs the first difference of each version. */
import type { ModuleFacts } from '../../workers/task.ts';
import type { Log } from '../log.ts';

/**
 * @param firstUrl the module of the agent's start.
 * @param firstFacts what its version says; undefined if that is not known.
 * @param readFacts reads what the version of another module says.
 * @returns the function to call for each thread that has imported a module.
 */
export function createMethodsCheck(
  firstUrl: string,
  firstFacts: ModuleFacts | undefined,
  readFacts: (moduleUrl: string) => ModuleFacts | undefined,
  log: Pick<Log, 'warn'>,
): (facts: ModuleFacts, moduleUrl: string) => void {
  /** By the URL of the module: a reload begins another version. */
  const expected = new Map([[firstUrl, firstFacts]]);
  const different = new Set<string>();

  function expectedOf(moduleUrl: string): ModuleFacts | undefined {
    if (!expected.has(moduleUrl)) expected.set(moduleUrl, readFacts(moduleUrl));
    return expected.get(moduleUrl);
  }

  return ({ methods }, moduleUrl) => {
    const known = expectedOf(moduleUrl);
    if (known === undefined || different.has(moduleUrl) || sorted(known.methods) === sorted(methods)) return;
    different.add(moduleUrl);
    log.warn({ expected: known.methods, methods }, 'methods-differ');
  };
}

function sorted(methods: readonly string[]): string {
  return methods.toSorted().join();
}
