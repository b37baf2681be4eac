/**
 * Stops an action after a number of changes to the file system, as SIGKILL does: each later change fails, also the changes
 * of its cleanup. The caller releases its locks. Nothing else may write to the file system during the action.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

type Callable = (...args: unknown[]) => unknown;
type Functions = Record<string, Callable>;

/** The functions that make one change a call. */
const PROMISES = ['chmod', 'mkdir', 'rename', 'rm', 'rmdir', 'symlink', 'unlink'];
const CALLBACKS = ['chmod', 'rename', 'unlink', 'write'];
const SYNC = ['chmodSync', 'mkdirSync', 'renameSync', 'rmSync', 'rmdirSync', 'symlinkSync', 'unlinkSync'];

class Killed extends Error {}

// Node's rm() keeps the functions that it finds on its first call, so that call precedes the replacements.
await fs.promises.rm(join(tmpdir(), 'launchpool-no-such-folder'), { recursive: true, force: true });

/** @returns whether the action was killed: false if it ended with fewer changes. */
export async function killedAfter(changes: number, action: () => Promise<unknown>): Promise<boolean> {
  const [promises, callbacks] = [fs.promises, fs].map((owner) => owner as unknown as Functions) as [
    Functions,
    Functions,
  ];
  const restore: (() => void)[] = [];
  let remaining = changes;
  let isKilled = false;
  const change = (): void => {
    if (remaining === 0) {
      isKilled = true;
      throw new Killed('killed');
    }
    remaining -= 1;
  };
  const replace = (owner: Functions, name: string, wrap: (own: Callable) => Callable): void => {
    const own = owner[name] as Callable;
    owner[name] = wrap(own.bind(owner));
    restore.push(() => {
      owner[name] = own;
    });
  };
  const countCallback =
    (own: Callable, isChange: (args: unknown[]) => boolean): Callable =>
    (...args) => {
      try {
        if (isChange(args)) change();
      } catch (error) {
        (args.at(-1) as (error: unknown) => void)(error);
        return undefined;
      }
      return own(...args);
    };
  for (const name of PROMISES) {
    replace(promises, name, (own) => async (...args) => {
      change();
      return own(...args);
    });
  }
  // Two changes: a kill between them leaves an empty file.
  replace(promises, 'writeFile', (own) => async (...args) => {
    const [path, , options] = args;
    change();
    await own(path, '', options);
    change();
    return own(...args);
  });
  for (const owner of [promises, callbacks]) {
    replace(owner, 'open', (own) => {
      const isChange = ([, flags]: unknown[]): boolean => typeof flags === 'string' && flags !== 'r';
      if (owner === callbacks) return countCallback(own, isChange);
      return async (...args) => {
        if (isChange(args)) change();
        return own(...args);
      };
    });
  }
  for (const name of CALLBACKS) replace(callbacks, name, (own) => countCallback(own, () => true));
  for (const name of SYNC) {
    replace(callbacks, name, (own) => (...args) => {
      change();
      return own(...args);
    });
  }
  syncBuiltinESMExports();
  try {
    await action();
  } catch (error) {
    if (!isKilled) throw error;
  } finally {
    for (const each of restore) each();
    syncBuiltinESMExports();
  }
  return isKilled;
}
