/** `launchpool`: the public names. */
export { ERROR_CODES, type ErrorCode, LaunchpoolError } from '../wire/errors.ts';
export { type Agent, close, connect, connectRaw, notify, type RawClient, withOptions } from './client/index.ts';
export { type Activator, type ActivatorEvent, type ActivatorOptions, createActivator } from './supervisor/activator.ts';
