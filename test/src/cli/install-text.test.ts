/** What an installation prints. */
import test from 'ava';
import { installedText } from '../../../src/cli/verbs/install.ts';
import type { Installed } from '../../../src/install/install.ts';

const installed: Installed = {
  label: 'com.example.a',
  outcome: 'installed',
  supervisor: 'systemd',
  socket: '/run/user/0/com.example.a.sock',
  folder: '/f',
  id: '0123',
  isStopped: false,
  node: '/n',
  kind: 'rpc',
  methods: ['one', 'two'],
  notes: ['A note.'],
};

test('the line to call an agent has its key', (t) => {
  const lastLine = (more: Partial<Installed>): string | undefined =>
    installedText({ ...installed, ...more })
      .trimEnd()
      .split('\n')
      .at(-1);
  t.is(lastLine({}), 'Call it:  launchpool call com.example.a one …');
  t.is(
    lastLine({ authkeyFile: '/my keys/a' }),
    "Call it:  launchpool call com.example.a --authkey-file '/my keys/a' one …",
  );
  t.is(
    lastLine({ authkeyFile: '/k', kind: 'raw', methods: [] }),
    "Call it:  launchpool call com.example.a --authkey-file /k --raw 'a message'",
  );
});
