/**
 * The statements of a TOML file by their places: enough to change one table and to keep every other byte. Values are not
 * read. https://toml.io/en/v1.0.0
 */

export type Statement = {
  kind: 'table' | 'tables' | 'pair';
  /** The parts of a dotted key. */
  keys: string[];
  start: number;
  /** Behind the end of its line. */
  end: number;
  /** Of a pair: where its value begins and ends. */
  valueStart: number;
  valueEnd: number;
};

/** @throws Error for what is no TOML, as far as that is seen here */
export function tomlStatements(text: string): Statement[] {
  const statements: Statement[] = [];
  const reader = { text, at: 0 };
  while (skipBlank(reader)) {
    const start = reader.at;
    const statement = text[reader.at] === '[' ? readHeader(reader, start) : readPair(reader, start);
    statement.end = endOfLine(reader);
    statements.push(statement);
  }
  return statements;
}

type Reader = { readonly text: string; at: number };

/** Goes to the next statement. @returns false at the end */
function skipBlank(reader: Reader): boolean {
  for (;;) {
    const found = /\S/g;
    found.lastIndex = reader.at;
    const match = found.exec(reader.text);
    if (match === null) return false;
    reader.at = match.index;
    if (match[0] !== '#') return true;
    skipComment(reader);
  }
}

function skipComment(reader: Reader): void {
  const end = reader.text.indexOf('\n', reader.at);
  reader.at = end < 0 ? reader.text.length : end;
}

function readHeader(reader: Reader, start: number): Statement {
  const isArray = reader.text.startsWith('[[', start);
  reader.at += isArray ? 2 : 1;
  const keys = readKeys(reader);
  const close = isArray ? ']]' : ']';
  if (!reader.text.startsWith(close, reader.at)) throw failure(reader, `expected ${close}`);
  reader.at += close.length;
  return { kind: isArray ? 'tables' : 'table', keys, start, end: 0, valueStart: reader.at, valueEnd: reader.at };
}

function readPair(reader: Reader, start: number): Statement {
  const keys = readKeys(reader);
  if (reader.text[reader.at] !== '=') throw failure(reader, 'expected =');
  reader.at += 1;
  skipSpace(reader);
  const valueStart = reader.at;
  skipValue(reader);
  return { kind: 'pair', keys, start, end: 0, valueStart, valueEnd: reader.at };
}

function readKeys(reader: Reader): string[] {
  const keys: string[] = [];
  for (;;) {
    skipSpace(reader);
    const rest = reader.text.slice(reader.at);
    const [found] = /^(?:[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*')/.exec(rest) ?? [];
    if (found === undefined) throw failure(reader, 'expected a key');
    reader.at += found.length;
    keys.push(found.startsWith('"') ? unescaped(found) : found.replaceAll("'", ''));
    skipSpace(reader);
    if (reader.text[reader.at] !== '.') return keys;
    reader.at += 1;
  }
}

/** As JSON has it, except for rare escapes, which no key that is asked for has. */
function unescaped(quoted: string): string {
  try {
    return JSON.parse(quoted) as string;
  } catch {
    return quoted;
  }
}

/** To the end of a value: a string, what is between brackets, or a word such as a number or a date. */
function skipValue(reader: Reader): void {
  const { text } = reader;
  const first = text[reader.at] ?? '';
  if (first === '"' || first === "'") {
    skipString(reader, first);
    reader.at += 1;
  } else if (first === '[' || first === '{') skipBrackets(reader);
  else {
    const [word = ''] = /^[^\n#"'=[\]{}]*/.exec(text.slice(reader.at)) ?? [];
    if (word.trim() === '') throw failure(reader, 'expected a value');
    reader.at += word.trimEnd().length;
  }
}

/** To the end of an array or an inline table, with strings of all kinds, and comments between the items. */
function skipBrackets(reader: Reader): void {
  const { text } = reader;
  let depth = 0;
  for (; reader.at < text.length; reader.at += 1) {
    const character = text[reader.at] as string;
    if (character === '"' || character === "'") skipString(reader, character);
    else if (character === '#') {
      skipComment(reader);
      reader.at -= 1;
    } else if ('[{'.includes(character)) depth += 1;
    else if (']}'.includes(character)) depth -= 1;
    if (depth > 0) continue;
    reader.at += 1;
    return;
  }
  throw failure(reader, 'a bracket is not closed');
}

/** Leaves the reader at the last quote. */
function skipString(reader: Reader, quote: string): void {
  const { text, at } = reader;
  const isLong = text.startsWith(quote.repeat(3), at);
  const close = isLong ? quote.repeat(3) : quote;
  for (let next = at + close.length; next < text.length; next += 1) {
    if (text[next] === '\\' && quote === '"') next += 1;
    else if (!isLong && text[next] === '\n') break;
    else if (text.startsWith(close, next)) {
      // Up to two quotes may stand before the three.
      while (isLong && text[next + close.length] === quote) next += 1;
      reader.at = next + close.length - 1;
      return;
    }
  }
  throw failure(reader, 'a string is not closed');
}

function skipSpace(reader: Reader): void {
  while (' \t'.includes(reader.text[reader.at] ?? '\n')) reader.at += 1;
}

/** @returns the place behind the line's end; a comment may stand before it. */
function endOfLine(reader: Reader): number {
  skipSpace(reader);
  if (reader.text[reader.at] === '#') skipComment(reader);
  if (reader.text[reader.at] === '\r') reader.at += 1;
  if (reader.at < reader.text.length && reader.text[reader.at] !== '\n')
    throw failure(reader, 'expected the end of the line');
  reader.at = Math.min(reader.at + 1, reader.text.length);
  return reader.at;
}

function failure({ text, at }: Reader, message: string): Error {
  return new Error(`${message} in line ${text.slice(0, at).split('\n').length}`);
}
