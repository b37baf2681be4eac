/** Output and exit statuses of systemctl: how they are parsed, and which errors follow. */
import test from 'ava';
import fc from 'fast-check';
import { createSystemctl, parseProperties, systemctlCommand } from '../../systemd/systemctl.ts';
import { LaunchpoolError } from '../../wire/errors.ts';
import { scriptedRun } from '../helpers/scripted-run.ts';

test('properties are read by name, in any order and with any value', (t) => {
  const properties = parseProperties('MainPID=7\nId=a.service\nResult=a=b=c\nOther=x\nSubState=');
  t.like(properties, { MainPID: '7', Id: 'a.service', Result: 'a=b=c', SubState: '', ActiveState: '' });
  t.false('Other' in properties);
});

test('with random output, every property is a string', (t) => {
  const line = fc.tuple(fc.constantFrom('Id', 'MainPID', '__proto__', '', 'constructor'), fc.string());
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(line).map((lines) => lines.map(([name, value]) => `${name}=${value}`).join('\n')),
  );
  fc.assert(
    fc.property(text, (printed) => {
      const values = Object.values(parseProperties(printed));
      t.is(values.length, 10);
      t.true(values.every((value) => typeof value === 'string'));
    }),
  );
});

test('each unit has its own paragraph', async (t) => {
  const { run, commands } = scriptedRun(() => ({ stdout: 'Id=a.socket\nMainPID=0\n\nId=b.service\nMainPID=7' }));
  const units = await createSystemctl(run).show('a.socket', 'b.service');
  t.deepEqual(
    units.map(({ Id, MainPID }) => [Id, MainPID]),
    [
      ['a.socket', '0'],
      ['b.service', '7'],
    ],
  );
  t.regex(commands[0] ?? '', /^--user show --property Id,LoadState,.* a\.socket b\.service$/);
  t.deepEqual(systemctlCommand('stop', 'a'), ['systemctl', '--user', 'stop', 'a']);
});

const paragraph = (unit: string): string => `Id=${unit}\nMainPID=0\n`;
const unitsIn = (command: string): string[] => command.split(' ').slice(4);

test('showEach asks once about all groups, and each group has its own units', async (t) => {
  const { run, commands } = scriptedRun((command) => ({ stdout: unitsIn(command).map(paragraph).join('\n') }));
  const { showEach } = createSystemctl(run);
  const groups = [['a.socket', 'a.service'], [], ['b.service']];
  const shown = await Promise.all(showEach(groups));
  t.deepEqual(
    shown.map((units) => units.map(({ Id }) => Id)),
    groups,
  );
  t.is(commands.length, 1);
  t.deepEqual(showEach([]), []);
  t.is(commands.length, 1);
});

test('showEach asks about each group when systemctl fails for one of them', async (t) => {
  const { run, commands } = scriptedRun((command) => ({
    status: command.includes('bad') ? 1 : 0,
    stdout: unitsIn(command)
      .filter((unit) => unit !== 'bad')
      .map(paragraph)
      .join('\n'),
    stderr: command.includes('bad') ? 'no such name' : '',
  }));
  const [good, bad] = createSystemctl(run).showEach([['a.socket'], ['bad']]);
  t.deepEqual(
    (await good)?.map(({ Id }) => Id),
    ['a.socket'],
  );
  await t.throwsAsync(bad as Promise<unknown>, {
    code: 'ERR_LAUNCHPOOL_SUPERVISOR_FAILED',
    message: /^systemctl --user show --property \S+ bad: exit status 1, no such name$/,
  });
  t.is(commands.length, 3);
});

for (const [what, answer, code, messageOf] of [
  [
    'cannot be reached',
    { status: 1, stderr: 'Failed to connect to bus: No medium found' },
    'SUPERVISOR_UNREACHABLE',
    () => 'systemctl --user show: Failed to connect to bus: No medium found',
  ],
  [
    'hangs',
    { status: -1 },
    'SUPERVISOR_FAILED',
    (name: string) => new RegExp(`^systemctl --user show --property \\S+ ${name}: `),
  ],
] as const) {
  test(`showEach asks no further when systemd ${what}, and each group has an error`, async (t) => {
    const { run, commands } = scriptedRun(() => answer);
    const shown = createSystemctl(run).showEach([['a.socket'], ['b.socket']]);
    for (const [index, name] of ['a.socket', 'b.socket'].entries()) {
      const message = messageOf(name);
      await t.throwsAsync(shown[index] as Promise<unknown>, { code: `ERR_LAUNCHPOOL_${code}`, message });
    }
    t.is(commands.length, 1);
  });
}

const UNREACHABLE: readonly [what: string, status: number, stderr: string][] = [
  ['systemctl is missing', 127, ''],
  ['no bus', 1, 'Failed to connect to bus: No medium found'],
  ['a bus of another user', 1, 'Failed to connect to bus: Permission denied'],
  [
    'no session',
    1,
    'Failed to connect to bus: $DBUS_SESSION_BUS_ADDRESS and $XDG_RUNTIME_DIR not defined (consider using --machine=<user>@.host --user to connect to bus of other user)',
  ],
  [
    'the message of newer versions',
    1,
    'Failed to connect to user scope bus via local transport: No such file or directory',
  ],
];

for (const [what, status, stderr] of UNREACHABLE) {
  test(`systemd cannot be reached: ${what}`, async (t) => {
    const { run } = scriptedRun(() => ({ status, stderr }));
    const { must, may, show } = createSystemctl(run);
    for (const ask of [must('stop', 'a'), may('stop', 'a'), show('a')]) {
      const error = await t.throwsAsync<LaunchpoolError>(ask, { code: 'ERR_LAUNCHPOOL_SUPERVISOR_UNREACHABLE' });
      t.true(error instanceof LaunchpoolError);
      t.regex(error.hint ?? '', /XDG_RUNTIME_DIR/);
    }
  });
}

test('must() rejects on a failure, may() does not', async (t) => {
  const { run } = scriptedRun(() => ({ status: 5, stderr: 'Unit a.service not loaded.\n' }));
  const { must, may } = createSystemctl(run);
  await t.notThrowsAsync(may('stop', 'a.service'));
  const error = await t.throwsAsync<LaunchpoolError>(must('stop', 'a.service'), {
    code: 'ERR_LAUNCHPOOL_SUPERVISOR_FAILED',
    message: 'systemctl --user stop a.service: exit status 5, Unit a.service not loaded.',
  });
  t.regex(error.hint ?? '', /journalctl/);
});
