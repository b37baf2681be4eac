/**
 * py-launchd's sample application as an application of today: has its agent installed when it is launched, sends each
 * line that you type, and prints what the agent answers. The agent is there after the application has ended, and costs
 * nothing until the next line. `--remove` takes it away again.
 *
 *     node examples/app/app.ts
 *     node examples/app/app.ts --remove
 */
import { createInterface } from 'node:readline';
import { LABEL, launch, remove } from './launch.ts';

if (process.argv.includes('--remove')) {
  await remove();
  process.stderr.write(`${LABEL} is gone.\n`);
} else {
  const { installed, client } = await launch();
  const { outcome, supervisor, socket } = installed;
  process.stderr.write(`${LABEL} is ${outcome}, under ${supervisor}, at ${socket}. Type a line; Control-D ends.\n`);
  for await (const line of createInterface({ input: process.stdin })) {
    process.stdout.write(`${(await client.request(line)).toString()}\n`);
  }
  client.close();
}
