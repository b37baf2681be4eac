/** Flags as commander has parsed them, under the names that the tables of options have for them. */
import type { Table } from '../options/option.ts';

/** What commander passes to the action of a command. */
export type CommanderFlags = Readonly<Record<string, unknown>>;

type Repeatable = { value: { kind: 'texts' } };
type GivenFlags<T extends Table> = Readonly<
  Record<string, string | boolean | undefined | (Extract<T[keyof T], Repeatable> extends never ? never : string[])>
>;

/** By flag: commander keeps `--max-frame` as `maxFrame`, and `--no-md5` as `md5: false`. */
export function givenFlags<T extends Table>(table: T, flags: CommanderFlags): GivenFlags<T> {
  const given = (name: string): unknown =>
    name.startsWith('no-') ? flags[camelCase(name.slice(3))] === false || undefined : flags[camelCase(name)];
  return Object.fromEntries(Object.values(table).map(({ flag }) => [flag, given(flag)])) as GivenFlags<T>;
}

export function camelCase(name: string): string {
  return name.replace(/-([a-z])/g, (_dash, letter: string) => letter.toUpperCase());
}
