import { customAlphabet } from 'nanoid';
export const answer = () => customAlphabet('a', 3)();
