import { z } from 'zod';
export const answer = () => {
  const r = z.object({ a: z.email() }).safeParse({ a: 1 });
  return [r.success, r.error?.constructor.name, r.error?.issues];
};
