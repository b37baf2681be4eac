/** sd_notify(3): messages arrive, and a failure throws. */
import { join } from 'node:path';
import test from 'ava';
import { notifySystemd } from '../../systemd/notify.ts';
import { receiveNotifications } from '../helpers/notify-receiver.ts';
import { tempDir } from '../helpers/temp-dir.ts';

if (process.platform === 'linux') {
  for (const kind of ['a path', 'a name in the abstract namespace']) {
    test(`a message to ${kind} arrives`, async (t) => {
      const folder = await tempDir(t);
      const address = kind === 'a path' ? join(folder, 'notify') : `@launchpool-test-${folder}`;
      const receiver = await receiveNotifications(t, address);
      notifySystemd(address, 'READY=1');
      await receiver.stderr(/READY=1/);
      t.pass();
    });
  }

  test('an address without a receiver throws', async (t) => {
    const address = join(await tempDir(t), 'no-receiver');
    t.throws(() => notifySystemd(address, 'READY=1'), { message: `sendto(${address}): error number 2` });
  });

  test('an address that is too short or too long is refused', (t) => {
    t.throws(() => notifySystemd('', 'READY=1'), { message: /0 bytes/ });
    t.throws(() => notifySystemd(`/${'x'.repeat(107)}`, 'READY=1'), { message: /108 bytes/ });
  });
}
