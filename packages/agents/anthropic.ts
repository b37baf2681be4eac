import Anthropic from '@anthropic-ai/sdk';
export async function answer() {
  const client = new Anthropic({ apiKey: 'k', baseURL: 'http://127.0.0.1:9', maxRetries: 0 });
  const error = await client.models.list().then(
    () => null,
    (thrown: Error) => thrown,
  );
  return [error?.constructor.name, Anthropic.NotFoundError.name];
}
