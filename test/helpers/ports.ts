/** TCP ports that are free, and that the system assigns to no process that asks for any port. */
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below the ports that Linux (ip_local_port_range in ip(7)) and macOS assign. */
const [LOWEST, HIGHEST] = [20_000, 32_000];

export async function freePort(host: string): Promise<number> {
  for (;;) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
    const server = createServer();
    try {
      await once(server.listen(port, host), 'listening');
    } catch {
      // The port is in use.
      continue;
    }
    await new Promise((resolve) => server.close(resolve));
    return port;
  }
}
