/** `launchpool/client`: the public functions and types for calling agents. Loads no native code. */
import '../../wire/node-version.ts';

export type { CallMessage } from '../../wire/call-channel.ts';
export { ERROR_CODES, type ErrorCode, LaunchpoolError } from '../../wire/errors.ts';
export type { ProgressReport } from '../../wire/progress.ts';
export type { Agent, AgentStream, OnTheWire } from './agent-types.ts';
export type { CallOptions } from './call-options.ts';
export { call, close, connect, notify, withOptions } from './connect.ts';
export type { ConnectOptions } from './connect-options.ts';
export { connectRaw, type RawClient } from './raw.ts';
export type {
  EnqueueOptions,
  ResultOptions,
  TaskClient,
  TaskConnectOptions,
  TaskId,
  TaskOutcome,
} from './task-types.ts';
export { connectTasks } from './tasks.ts';
