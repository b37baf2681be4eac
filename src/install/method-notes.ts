/** Notes on the methods of a module that TypeScript clients reach in another way than by a property. */
import { isReservedName } from '../../wire/reserved-names.ts';

/** Empty without such methods. */
export function methodNotes(methods: readonly string[]): string[] {
  const reserved = methods.filter(isReservedName);
  const [first] = reserved;
  if (first === undefined) return [];
  const names = reserved.join(', ');
  return [`TypeScript clients call ${names} by function, as in call(agent, '${first}'), and not as a property.`];
}
