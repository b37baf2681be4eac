import { parse } from 'csv-parse/sync';
export const answer = () => parse('a,b\n1,2', { columns: true });
