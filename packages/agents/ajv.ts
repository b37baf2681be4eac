import { Ajv } from 'ajv';
export const answer = () => {
  const ajv = new Ajv();
  const v = ajv.compile({ type: 'object', required: ['a'] });
  return [v({}), v.errors];
};
