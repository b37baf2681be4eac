/** Any text as the value of any option: a value in range, or an error with the option, the text and the range. */
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { expectationOf } from '../../../src/options/describe-value.ts';
import type { Option, Table, Value } from '../../../src/options/option.ts';
import { parseValue } from '../../../src/options/parse-value.ts';
import { VERB_TABLES } from '../../../src/options/verb-tables.ts';
import { LaunchpoolError } from '../../../wire/errors.ts';

const rows: readonly Option[] = Object.values(VERB_TABLES)
  .flat()
  .flatMap((table: Table) => Object.values(table));
const values: readonly Value[] = rows.flatMap((row) => ('value' in row ? [row.value] : []));
const ofKind = (...kinds: Value['kind'][]): Value[] => values.filter(({ kind }) => kinds.includes(kind));

/** Texts of all kinds, and many that are almost numbers. */
const texts = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.double().map(String),
  fc.integer().map(String),
  fc.bigInt().map(String),
  fc.array(fc.nat()).map(String),
  fc.stringMatching(/^[-+ 0-9.,eExX_n]{0,24}$/),
  fc.constantFrom('', ' ', 'auto', 'NaN', 'Infinity', '-0', '1e999', '0x10', '1_000', '٣', '１', '1\n', '\t5'),
);

/** @returns the value that was read, or undefined if the text was refused with the right error. */
function read(t: ExecutionContext, value: Value, text: string): unknown {
  try {
    return parseValue(value, text, '--option');
  } catch (error) {
    t.true(error instanceof LaunchpoolError);
    const { code, message, hint } = error as LaunchpoolError;
    t.deepEqual([code, message], ['ERR_LAUNCHPOOL_OPTION_INVALID', `--option ${text}: not ${expectationOf(value)}`]);
    t.truthy(hint);
    return undefined;
  }
}

test('each kind has options', (t) => {
  const kinds = new Set(values.map(({ kind }) => kind));
  t.is(kinds.size, 10);
});

for (const kind of ['count', 'bytes', 'mebibytes'] as const) {
  test(`${kind}: a whole number in range, exactly as it was written, or an error`, (t) => {
    const known = ofKind(kind) as Extract<Value, { kind: typeof kind }>[];
    const property = fc.property(fc.constantFrom(...known), texts, (value, text) => {
      const found = read(t, value, text);
      const isAuto = text === 'auto' && 'auto' in value;
      const isGood = /^[0-9]+$/.test(text) && BigInt(text) >= BigInt(value.min) && BigInt(text) <= BigInt(value.max);
      return found === (isAuto ? value.auto : isGood ? Number(text) : undefined);
    });
    fc.assert(property, { numRuns: 2_000 });
    t.pass();
  });

  test(`${kind}: the ends of the range are accepted, and values beyond them are not`, (t) => {
    for (const value of ofKind(kind) as Extract<Value, { kind: typeof kind }>[]) {
      t.is(read(t, value, String(value.min)), value.min);
      t.is(read(t, value, String(value.max)), value.max);
      t.is(read(t, value, String(value.min - 1)), undefined);
      t.is(read(t, value, String(BigInt(value.max) + 1n)), undefined);
    }
  });
}

test('seconds: whole milliseconds in range, never fewer than were written, or an error', (t) => {
  const known = ofKind('seconds') as Extract<Value, { kind: 'seconds' }>[];
  const property = fc.property(fc.constantFrom(...known), texts, (value, text) => {
    // The next test has units.
    if (/\d(ms|[smh])$/.test(text)) return true;
    const found = read(t, value, text);
    const seconds = text.trim() === '' ? Number.NaN : Number(text);
    if (!(seconds >= value.min && seconds <= value.max)) return found === undefined;
    const ms = found as number;
    return Number.isInteger(ms) && ms >= seconds * 1000 && ms - seconds * 1000 <= 1 && (ms === 0) === (seconds === 0);
  });
  fc.assert(property, { numRuns: 4_000 });
  t.pass();
});

test('seconds: a number may have a unit, and is exact', (t) => {
  const value: Value = { kind: 'seconds', min: 0, max: 2_000_000 };
  const units = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
  const anyUnit = fc.constantFrom(...(Object.entries(units) as [string, number][]));
  fc.assert(
    fc.property(
      fc.nat(500),
      anyUnit,
      (number, [unit, ms]) => parseValue(value, `${number}${unit}`, '--idle') === number * ms,
    ),
  );
  t.is(parseValue(value, '1.5h', '--idle'), 5_400_000);
  t.is(parseValue(value, '0.2ms', '--idle'), 1);
  for (const text of ['30 s', '-5s', 's', '30sec', '1e3s', '30S', '556h', '2000001s'])
    t.is(read(t, value, text), undefined, text);
});

test('seconds: fractions in range are accepted', (t) => {
  const known = ofKind('seconds') as Extract<Value, { kind: 'seconds' }>[];
  const seconds = fc
    .constantFrom(...known)
    .chain((value) =>
      fc.record({ value: fc.constant(value), number: fc.double({ min: value.min, max: value.max, noNaN: true }) }),
    );
  fc.assert(fc.property(seconds, ({ value, number }) => read(t, value, String(number)) !== undefined));
  t.pass();
});

test('user ids: all of them in range, in order, or an error', (t) => {
  const [value] = ofKind('userIds') as Extract<Value, { kind: 'userIds' }>[];
  if (value === undefined) return t.fail('no such option');
  const lists = fc.array(fc.oneof(fc.nat({ max: value.max + 2 }).map(String), fc.constantFrom('', ' 1', '-1', 'x')));
  const property = fc.property(fc.oneof(texts, lists.map(String)), (text) => {
    const found = read(t, value, text) as readonly number[] | undefined;
    const parts = text.split(',');
    const isGood = parts.every((part) => /^[0-9]+$/.test(part) && BigInt(part) <= BigInt(value.max));
    return isGood ? String(found) === String(parts.map(Number)) : found === undefined;
  });
  fc.assert(property, { numRuns: 2_000 });
  t.pass();
});

test('choices: exactly one of them, or an error', (t) => {
  const known = ofKind('choice') as Extract<Value, { kind: 'choice' }>[];
  const words = known.flatMap(({ choices }) => choices);
  const any = fc.oneof(texts, fc.constantFrom(...words, ...words.map((word) => word.toUpperCase()), 'constructor'));
  const property = fc.property(fc.constantFrom(...known), any, (value, text) => {
    const found = read(t, value, text);
    return value.choices.includes(text) ? found === text : found === undefined;
  });
  fc.assert(property, { numRuns: 2_000 });
  t.pass();
});

test('paths and texts: unchanged', (t) => {
  const property = fc.property(fc.constantFrom(...ofKind('path', 'text')), texts, (value, text) => {
    return read(t, value, text) === text;
  });
  fc.assert(property);
  t.pass();
});
