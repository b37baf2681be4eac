/** The plist of a job: its keys, other implementations' reading of it, and refused jobs. */
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import fc from 'fast-check';
import { parse, parseBinary } from 'plist';
import type { Job } from '../../job/job.ts';
import { encodePlist, plistOf } from '../../launchd/plist.ts';
import { PLIST_SCHEMA, type Plist } from '../../launchd/plist-schema.ts';
import { LaunchpoolError } from '../../wire/errors.ts';
import { arbitraryJob, jobWith, LABEL } from '../helpers/jobs.ts';
import { runProgram } from '../helpers/program.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { needTool } from '../helpers/tools.ts';

const DTD = fileURLToPath(new URL('../fixtures/launchd/PropertyList-1.0.dtd', import.meta.url));

/** Plists per process: starting a process takes longer than reading a plist. */
const BATCH = 60;

test('a typical job has these keys only', (t) => {
  const folder = '/Users/ann/Library/Application Support/com.example.rot13';
  const sockets = { agent: `${folder}/agent.sock`, control: `${folder}/control.sock` };
  const plist = plistOf(jobWith({ sockets, logFile: `${folder}/logs/agent.log`, workingDirectory: '/Users/ann' }));
  t.deepEqual<unknown, unknown>(parse(encodePlist(plist)), {
    Label: LABEL,
    ProgramArguments: ['/usr/bin/env', '/opt/agent/launchpool.cjs', 'run', '/opt/agent/rot13.ts'],
    Sockets: {
      Listeners: [{ SockPathName: sockets.agent, SockPathMode: 384 }],
      Control: { SockPathName: sockets.control, SockPathMode: 384 },
    },
    EnvironmentVariables: { PATH: '/usr/bin:/bin' },
    WorkingDirectory: '/Users/ann',
    StandardOutPath: `${folder}/logs/agent.log`,
    StandardErrorPath: `${folder}/logs/agent.log`,
    ExitTimeOut: 15,
    ThrottleInterval: 1,
    ProcessType: 'Interactive',
    SoftResourceLimits: { NumberOfFiles: 16_384 },
    Umask: 63,
    LimitLoadToSessionType: ['Aqua', 'Background'],
  });
});

test('numbers are written in decimal, as launchd reads them', (t) => {
  const text = encodePlist(plistOf(jobWith()));
  t.regex(text, /<key>SockPathMode<\/key>\s*<integer>384<\/integer>/);
  t.regex(text, /<key>Umask<\/key>\s*<integer>63<\/integer>/);
  t.regex(text, /^<\?xml version="1\.0" encoding="UTF-8"\?>\n<!DOCTYPE plist PUBLIC /);
});

test('a job may have a TCP socket, bundle identifiers and another process type', (t) => {
  const plist = plistOf(
    jobWith({ tcp: { host: '::1', port: 8080 }, bundleIdentifiers: ['com.example.app'], processType: 'background' }),
  );
  t.deepEqual(plist.Sockets.Listeners[1], { SockFamily: 'IPv6', SockNodeName: '::1', SockServiceName: '8080' });
  t.deepEqual(plist.AssociatedBundleIdentifiers, ['com.example.app']);
  t.is(plist.ProcessType, 'Background');
  // launchd has no log for a job without a log file.
  t.deepEqual([plist.StandardOutPath, plist.StandardErrorPath], ['/dev/null', '/dev/null']);
  const v4 = plistOf(jobWith({ tcp: { host: '127.0.0.1', port: 80 } }));
  t.deepEqual(v4.Sockets.Listeners[1], { SockFamily: 'IPv4', SockNodeName: '127.0.0.1', SockServiceName: '80' });
});

const REFUSED: readonly [what: string, changes: Partial<Job>, message: RegExp][] = [
  ['an argument with a NUL', { command: ['/bin/a', 'a\0'] }, /ProgramArguments\.1: has control characters/],
  ['an argument with an escape', { command: ['/bin/a', '\u001b[0m'] }, /ProgramArguments\.1: has control characters/],
  ['a variable with a noncharacter', { env: { A: '\uffff' } }, /EnvironmentVariables\.A: has control characters/],
  ['a lone surrogate', { env: { A: 'a\ud800' } }, /EnvironmentVariables\.A: has a lone surrogate/],
  ['a variable name with a bell', { env: { 'A\u0007': '' } }, /EnvironmentVariables/],
  ['a program by a relative path', { command: ['bin/a'] }, /ProgramArguments: is not absolute/],
  ['a program in ~', { command: ['~/a'] }, /ProgramArguments: is not absolute/],
  ['a relative working directory', { workingDirectory: 'a' }, /WorkingDirectory: is not absolute/],
  ['a relative log file', { logFile: 'a.log' }, /StandardOutPath: is not absolute/],
  ['a relative socket', { sockets: { agent: 'a', control: '/b' } }, /Sockets\.Listeners/],
  [
    'a socket path of 104 bytes',
    { sockets: { agent: '/b', control: `/${'x'.repeat(103)}` } },
    /SockPathName: is too long/,
  ],
  [
    'a socket path of 105 bytes and 53 characters',
    { sockets: { agent: '/b', control: `/${'ü'.repeat(52)}` } },
    /SockPathName: is too long/,
  ],
  ['a stop timeout of zero', { stopSeconds: 0 }, /ExitTimeOut/],
  ['a stop timeout of half a second', { stopSeconds: 0.5 }, /ExitTimeOut/],
  ['a port with a fraction', { tcp: { host: '127.0.0.1', port: 1.5 } }, /Sockets\.Listeners/],
  ['a bundle without a name', { bundleIdentifiers: [''] }, /AssociatedBundleIdentifiers\.0/],
];

for (const [what, changes, message] of REFUSED) {
  test(`refused: ${what}`, (t) => {
    const error = t.throws<LaunchpoolError>(() => plistOf(jobWith(changes)), { code: 'ERR_LAUNCHPOOL_JOB_INVALID' });
    t.regex(error.message, message);
    t.truthy(error.hint);
  });
}

test('a socket path of 103 bytes is accepted', (t) => {
  t.notThrows(() => plistOf(jobWith({ sockets: { agent: `/${'x'.repeat(102)}`, control: '/b' } })));
});

test('the schema refuses keys that change an agent and values that launchd would ignore', (t) => {
  const plist = plistOf(jobWith());
  const others = { KeepAlive: true, RunAtLoad: false, EnableTransactions: true, Disabled: false, Nice: 1 };
  for (const [key, value] of Object.entries(others)) {
    t.false(PLIST_SCHEMA.safeParse({ ...plist, [key]: value }).success, key);
  }
  t.false(PLIST_SCHEMA.safeParse({ ...plist, Umask: '077' }).success);
  t.true(PLIST_SCHEMA.safeParse(plist).success);
});

const LINE_ENDS = ['\u0085', '\u2028', '\u2029'];

type Wild = { env: Record<string, string>; extra: string[] };

test('a random job is refused, or its plist is valid and reads back unchanged', (t) => {
  const anyText = fc.string({ unit: 'binary', maxLength: 6 });
  const wild = fc.record({ env: fc.dictionary(fc.constantFrom('A', 'B'), anyText), extra: fc.array(anyText) });
  let [accepted, refused] = [0, 0];
  fc.assert(
    fc.property(arbitraryJob, fc.option(wild), (job, more) => {
      const changed =
        more === null ? job : { ...job, env: more.env, command: [...job.command, ...more.extra] as const };
      const plist = plistOrRefusal(changed);
      if (plist === undefined) {
        refused += 1;
        return;
      }
      accepted += 1;
      t.true(PLIST_SCHEMA.safeParse(plist).success);
      t.deepEqual<unknown, unknown>(parse(encodePlist(plist)), asPlistPackageReads(plist));
    }),
    { numRuns: 1000, examples: LINE_ENDS.map((end) => [jobWith(), { env: { A: end }, extra: [end] }] as [Job, Wild]) },
  );
  t.true(accepted > 100 && refused > 20, `${accepted} accepted, ${refused} refused`);
});

test("Apple's DTD accepts every plist", async (t) => {
  const xmllint = needTool(t, 'xmllint');
  if (xmllint === undefined) return;
  const paths = await written(await tempDir(t), plists());
  // Without the network, xmllint warns about each file.
  const { status, stderr } = await runProgram([xmllint, '--nonet', '--noout', '--dtdvalid', DTD, ...paths]);
  t.is(status, 0, stderr);
});

test("Apple's DTD refuses an invalid plist", async (t) => {
  const xmllint = needTool(t, 'xmllint');
  if (xmllint === undefined) return;
  const path = join(await tempDir(t), 'a.plist');
  await writeFile(path, encodePlist(plistOf(jobWith())).replace('<integer>384</integer>', '<octal>600</octal>'));
  t.not((await runProgram([xmllint, '--nonet', '--noout', '--dtdvalid', DTD, path])).status, 0);
});

test('another implementation reads every plist unchanged', async (t) => {
  const plistutil = needTool(t, 'plistutil');
  if (plistutil === undefined) return;
  const values = plists();
  const paths = await written(await tempDir(t), values);
  // The binary format has no XML.
  const script = 'for path; do "$0" -i "$path" -f bin -o "$path.bin" || exit; done';
  const { status, stderr } = await runProgram(['/bin/sh', '-c', script, plistutil, ...paths]);
  t.is(status, 0, stderr);
  const read = paths.map((path) => parseBinary(readFileSync(`${path}.bin`)));
  t.deepEqual<unknown, unknown>(read, values);
});

function plists(): Plist[] {
  return fc
    .sample(arbitraryJob, BATCH * 2)
    .map(plistOrRefusal)
    .filter((plist) => plist !== undefined)
    .slice(0, BATCH);
}

async function written(folder: string, values: readonly Plist[]): Promise<string[]> {
  return Promise.all(
    values.map(async (value, index) => {
      const path = join(folder, `${index}.plist`);
      await writeFile(path, encodePlist(value));
      return path;
    }),
  );
}

function plistOrRefusal(job: Job): Plist | undefined {
  try {
    return plistOf(job);
  } catch (error) {
    if (error instanceof LaunchpoolError && error.code === 'ERR_LAUNCHPOOL_JOB_INVALID') return undefined;
    throw error;
  }
}

/** The package's parser reads these characters as line ends, as in XML 1.1. A plist is XML 1.0, where they are not. */
function asPlistPackageReads(plist: Plist): unknown {
  return JSON.parse(JSON.stringify(plist).replace(/\\r\u0085|[\u0085\u2028\u2029]/g, '\\n'));
}
