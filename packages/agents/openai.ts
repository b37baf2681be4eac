import OpenAI, { NotFoundError } from 'openai';
export async function answer() {
  const client = new OpenAI({ apiKey: 'k', baseURL: 'http://127.0.0.1:9', maxRetries: 0 });
  const error = await client.models.list().catch((thrown) => thrown);
  return [error.constructor.name, NotFoundError.name];
}
