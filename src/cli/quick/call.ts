/** The entry of the bundle of `launchpool call`. */
import { CALL_TABLE, CLIENT_TABLE } from '../../options/client-table.ts';
import { call } from '../verbs/call.ts';
import { quickVerb } from './quick-verb.ts';

export const { tables, start } = quickVerb([CALL_TABLE, CLIENT_TABLE], ({ words: [target, ...words], flags }) =>
  target === undefined ? undefined : call(target, words, flags),
);
