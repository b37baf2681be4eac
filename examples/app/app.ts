/**
 * py-launchd's sample application in a present-day form: installs its agent at launch, sends each line that you type, and
 * prints the reply of the agent. The agent stays installed when the application ends, and does not run until the next
 * line. `--remove` uninstalls it.
 *
 *     node examples/app/app.ts
 *     node examples/app/app.ts --remove
 */
import { createInterface } from 'node:readline';
import { LABEL, launch, remove } from './launch.ts';

if (process.argv.includes('--remove')) {
  await remove();
  process.stderr.write(`${LABEL} is uninstalled.\n`);
} else {
  const { installed, client } = await launch();
  const { outcome, supervisor, socket } = installed;
  process.stderr.write(`${LABEL} is ${outcome}, under ${supervisor}, at ${socket}. Type a line; Control-D ends.\n`);
  for await (const line of createInterface({ input: process.stdin })) {
    process.stdout.write(`${(await client.request(line)).toString()}\n`);
  }
  client.close();
}
