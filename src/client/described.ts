/** What inspection shows of the client's objects: their kind and their target, and nothing of the connection. */
import { resolve } from 'node:path';
import { isServiceTarget, socketPathOf, withoutCredentials } from '../../wire/address.ts';

/**
 * A prototype for an object whose text is, for example, `Agent(unix:/run/user/1000/a.sock)`: for String(), templates,
 * console.log(), util.inspect() and JSON.stringify().
 * @throws ERR_LAUNCHPOOL_ADDRESS_INVALID
 */
export function describedAs(kind: string, target: string): object {
  const place = isServiceTarget(target) ? withoutCredentials(target) : `unix:${resolve(socketPathOf(target))}`;
  const text = `${kind}(${place})`;
  const describe = (): string => text;
  return Object.defineProperties(
    {},
    {
      toString: { value: describe },
      toJSON: { value: describe },
      [Symbol.for('nodejs.util.inspect.custom')]: { value: describe },
      [Symbol.toStringTag]: { value: kind },
    },
  );
}
