/** What the parts of a schema need while the types of one method are read. */

import type { Schema } from '../../description/description.ts';
import type { Compiler, Type } from './compiler.ts';

/** Notes what a schema leaves out. @param path where it is in its method. */
export type Note = (path: string, text: string) => void;

export type Reading = {
  readonly compiler: Compiler;
  /** The schema of a type. @throws TooLarge */
  of(type: Type, path: string): Schema;
  note: Note;
};

/** A schema that everything passes, with the reason. */
export function unknown({ note }: Reading, path: string, text: string): true {
  note(path, text);
  return true;
}
