/**
 * The entry of the bundle of `launchpool call`. The whole command line answers a call without a method, and one of a service on
 * NATS.
 */
import { isServiceTarget } from '../../../wire/address.ts';
import { CALL_TABLE, CLIENT_TABLE } from '../../options/client-table.ts';
import { call } from '../verbs/call.ts';
import { quickVerb } from './quick-verb.ts';

export const { tables, start } = quickVerb([CALL_TABLE, CLIENT_TABLE], ({ words: [target, ...words], flags }) =>
  target === undefined || isServiceTarget(target) || (words.length === 0 && !flags.raw)
    ? undefined
    : call(target, words, flags),
);
