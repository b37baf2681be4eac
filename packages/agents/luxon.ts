import { DateTime } from 'luxon';
export const answer = () => DateTime.fromISO('2024-03-05', { zone: 'utc' }).setLocale('fr').toFormat('cccc d LLLL');
