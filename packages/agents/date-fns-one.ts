import { addDays, formatISO } from 'date-fns';
export const answer = () => formatISO(addDays(new Date(2024, 1, 28), 2), { representation: 'date' });
