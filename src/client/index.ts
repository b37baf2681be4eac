/** `launchpool/client`: everything that calls agents. Loads no native code. */
export { ERROR_CODES, type ErrorCode, LaunchpoolError } from '../../wire/errors.ts';
export type { CallOptions } from './call-options.ts';
export { type Agent, close, connect, notify, withOptions } from './connect.ts';
export { connectRaw, type RawClient } from './raw.ts';
export type { ConnectOptions } from './transport.ts';
