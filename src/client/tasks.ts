/** Calls for later: the client of a durable service on NATS, typed from the module itself. */
import { isServiceTarget, withoutCredentials } from '../../wire/address.ts';
import { LaunchpoolError } from '../../wire/errors.ts';
import type { AnyMethods } from './agent-types.ts';
import type { TaskClient, TaskConnectOptions } from './task-types.ts';

/**
 * Connects to the NATS servers of a durable service. No instance of it need run. The connection keeps the process alive only while
 * something is open.
 * @param target such as `nats://HOST/NAME`.
 * @throws ERR_LAUNCHPOOL_ADDRESS_INVALID, ERR_LAUNCHPOOL_NATS_MISSING, ERR_LAUNCHPOOL_CONNECT_FAILED
 */
export async function connectTasks<Module = AnyMethods>(
  target: string,
  options: TaskConnectOptions = {},
): Promise<TaskClient<Module>> {
  if (!isServiceTarget(target)) throw notOnNats(target);
  const { openTasks } = await import('./nats/open-tasks.ts');
  return (await openTasks(target, options)) as unknown as TaskClient<Module>;
}

function notOnNats(target: string): LaunchpoolError {
  const text = `${withoutCredentials(target)} takes no calls for later: it is no service on NATS`;
  return new LaunchpoolError('ERR_LAUNCHPOOL_ADDRESS_INVALID', text, {
    hint: 'Give nats://HOST[:PORT]/NAME, of a service that runs with --durable.',
  });
}
