import { chunk, startCase } from 'lodash-es';
export const answer = () => [chunk([1, 2, 3], 2), startCase('a b')];
