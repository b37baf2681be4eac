/** The section `launchpool` of a package.json: what it takes, and how everything else is refused. */
import test from 'ava';
import fc from 'fast-check';
import { AGENT_TABLE } from '../../../src/options/agent-table.ts';
import { INSTALL_TABLE } from '../../../src/options/install-table.ts';
import type { Option } from '../../../src/options/option.ts';
import { keyOf, readSection, SECTION_KEYS } from '../../../src/options/package-section.ts';
import { LaunchpoolError } from '../../../wire/errors.ts';
import { similarTo } from '../../../wire/suggestion.ts';

const FILE = '/project/package.json';
const shared = (section: unknown): unknown => readSection(section, FILE).shared;

test('every option of an agent has a name: that of its flag in camelCase, without a no-', (t) => {
  const names = (rows: readonly Option[]): string[] => rows.map(keyOf);
  const own = Object.values(INSTALL_TABLE).filter(({ flag }) => !['supervisor', 'dry-run', 'json'].includes(flag));
  t.deepEqual([...SECTION_KEYS].sort(), names([...own, ...Object.values<Option>(AGENT_TABLE)]).sort());
  t.true(
    ['idle', 'maxFrame', 'md5', 'allowUid', 'label', 'bundleIdentifier'].every((key) => SECTION_KEYS.includes(key)),
  );
});

test('values are those of the command line, as text or in their own type', (t) => {
  const section = {
    ...{ label: 'com.example.a', idle: 30, drain: '500ms', threads: 'auto', maxFrame: 1024, allowUid: [1, 2] },
    ...{ keepQuietClients: true, md5: false, logLevel: 'warn', env: { A: '1' }, bundleIdentifier: ['a', 'b'] },
  };
  t.deepEqual(shared(section), { ...section, idle: '30', maxFrame: '1024', allowUid: '1,2' });
  t.deepEqual(readSection(undefined, FILE), { shared: {}, agents: {} });
});

test('each agent of several has options of its own', (t) => {
  const agents = { './a.ts': { label: 'a', threads: 2 }, './b.ts': { label: 'b' } };
  t.deepEqual(readSection({ idle: 5, agents }, FILE), {
    shared: { idle: '5' },
    agents: { './a.ts': { label: 'a', threads: '2' }, './b.ts': { label: 'b' } },
  });
});

for (const [section, at, problem] of [
  [{ idel: 5 }, 'launchpool.idel', /there is no such option\. Did you mean idle\?$/],
  [{ 'max-frame': 5 }, 'launchpool.max-frame', /there is no such option\. Did you mean maxFrame\?$/],
  [{ 'no-md5': true }, 'launchpool.no-md5', /Did you mean md5\?$/],
  [{ noMd5: true }, 'launchpool.noMd5', /Did you mean md5\?$/],
  [{ timeoutOfSomething: 5 }, 'launchpool.timeoutOfSomething', /there is no such option$/],
  [{ dryRun: true }, 'launchpool.dryRun', /--dry-run belongs to one command/],
  [{ supervisor: 'systemd' }, 'launchpool.supervisor', /--supervisor belongs to one command/],
  [{ idle: 'soon' }, 'launchpool.idle', /soon: not a number from 0 to 2000000/],
  [{ idle: -1 }, 'launchpool.idle', /-1: not a number from 0 to 2000000/],
  [{ idle: true }, 'launchpool.idle', /true is not a number from 0 to 2000000/],
  [{ threads: 0 }, 'launchpool.threads', /0: not a whole number from 1 to 1024, or auto/],
  [{ threads: 1.5 }, 'launchpool.threads', /1\.5: not a whole number from 1 to 1024, or auto/],
  [{ threads: null }, 'launchpool.threads', /null is not a whole number/],
  [{ keepQuietClients: 'yes' }, 'launchpool.keepQuietClients', /"yes" is not true or false/],
  [{ logLevel: 'loud' }, 'launchpool.logLevel', /loud: not one of .*warn/],
  [{ allowUid: ['root'] }, 'launchpool.allowUid', /\["root"\] is not whole numbers/],
  [{ label: 5 }, 'launchpool.label', /5 is not a string/],
  [{ include: 'a' }, 'launchpool.include', /"a" is not an array of strings/],
  [{ env: ['A=1'] }, 'launchpool.env', /\["A=1"\] is not an object with the variables/],
  [{ env: { A: 1 } }, 'launchpool.env.A', /1 is not a string/],
  [{ env: { 'A B': '1' } }, 'launchpool.env.A B', /not the name of a variable/],
  [[], 'launchpool', /\[\] is not an object with options/],
  [{ agents: [] }, 'launchpool.agents', /\[\] is not an object/],
  [{ agents: { './a.ts': { idel: 1 } } }, 'launchpool.agents["./a.ts"].idel', /Did you mean idle\?$/],
  [{ label: 'a', agents: { './a.ts': {} } }, 'launchpool.label', /each agent of several has a label of its own$/],
] as const) {
  test(`${JSON.stringify(section)} is refused, with its place and what is accepted`, (t) => {
    const error = t.throws<LaunchpoolError>(() => readSection(section, FILE), {
      code: 'ERR_LAUNCHPOOL_OPTION_INVALID',
    });
    t.true(error.message.startsWith(`${at} in ${FILE}: `), error.message);
    t.regex(error.message.slice(`${at} in ${FILE}: `.length), problem);
    t.is(typeof error.hint, 'string');
  });
}

test('any JSON is a section, or is refused by name', (t) => {
  const anyKey = fc.oneof(fc.constantFrom(...SECTION_KEYS, 'agents'), fc.string());
  const holds = fc.property(fc.oneof(fc.dictionary(anyKey, fc.jsonValue()), fc.jsonValue()), (section) => {
    try {
      readSection(section, FILE);
    } catch (error) {
      if (!(error instanceof LaunchpoolError) || !error.message.includes(FILE)) throw error;
    }
  });
  t.notThrows(() => fc.assert(holds, { numRuns: 500 }));
});

test('a name that is misspelt by two letters at most is found', (t) => {
  const names = ['idle', 'drain', 'maxFrame'];
  t.deepEqual(
    ['idel', 'Idle', 'dran', 'maxFrames', 'maxframe', 'xy', ''].map((name) => similarTo(name, names)),
    ['idle', 'idle', 'drain', 'maxFrame', 'maxFrame', undefined, undefined],
  );
});
