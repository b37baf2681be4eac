import { Chalk } from 'chalk';
export const answer = () => new Chalk({ level: 1 }).red('a');
