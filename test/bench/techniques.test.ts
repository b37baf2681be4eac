/** Each technique can be switched off: the text that it replaces stands once in the source that it names. */
import { readFileSync } from 'node:fs';
import test from 'ava';
import { TECHNIQUES } from '../../bench/techniques.ts';

const root = new URL('../../', import.meta.url);

/** Type annotations that the compiler removes. */
const withoutTypes = (source: string): string => source.replaceAll(/(\b[A-Z_]+): number =/g, '$1 =');

for (const { name, file, from } of TECHNIQUES) {
  test(`${name} is switched off by a text that stands once in its file`, (t) => {
    const source = withoutTypes(readFileSync(new URL(file.replace(/\.js$/, '.ts'), root), 'utf8'));
    t.is(source.split(from).length - 1, 1);
  });
}
