import { generateId, tool } from 'ai';
import { z } from 'zod';
export const answer = () => [
  generateId().length,
  typeof tool({ description: 'd', inputSchema: z.object({}), execute: async () => 1 } as never),
];
