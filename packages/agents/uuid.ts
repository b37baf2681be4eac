import { v5, validate } from 'uuid';
export const answer = () => [v5('a', v5.URL), validate('a')];
