/** What inspection shows of the client's objects: their kind and their socket, and nothing of the connection. */
import { resolve } from 'node:path';
import { socketPathOf } from '../../wire/address.ts';

/**
 * A prototype for an object whose text is, for example, `Agent(unix:/run/user/1000/a.sock)`: for String(), templates,
 * console.log(), util.inspect() and JSON.stringify().
 * @throws ERR_LAUNCHPOOL_ADDRESS_INVALID
 */
export function describedAs(kind: string, target: string): object {
  const text = `${kind}(unix:${resolve(socketPathOf(target))})`;
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
