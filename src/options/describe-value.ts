/** A value in words: its placeholder in the help, and the texts that are accepted. */
import type { Value } from './option.ts';

const PLACEHOLDERS = {
  seconds: 'SECONDS',
  count: 'N',
  bytes: 'BYTES',
  mebibytes: 'MB',
  userIds: 'UID[,UID…]',
} as const;

export function placeholderOf(value: Value): string {
  return 'placeholder' in value ? value.placeholder : PLACEHOLDERS[value.kind];
}

/** What a text must be, as a noun. Undefined where every text is accepted, and where the row itself describes it. */
export function expectationOf(value: Value): string | undefined {
  switch (value.kind) {
    case 'seconds':
      return `a number from ${value.min} to ${value.max}`;
    case 'count':
      return `a whole number from ${value.min} to ${value.max}${value.auto === undefined ? '' : ', or auto'}`;
    case 'bytes':
    case 'mebibytes':
      return `a whole number from ${value.min} to ${value.max}`;
    case 'userIds':
      return `whole numbers from ${value.min} to ${value.max}, separated by commas`;
    case 'choice':
      return `one of ${value.choices.join(', ')}`;
    default:
      return undefined;
  }
}
