import fastify from 'fastify';
export const answer = async () => {
  const app = fastify();
  app.get(
    '/:n',
    { schema: { params: { type: 'object', properties: { n: { type: 'integer' } } } } },
    (q) => q.params as object,
  );
  const r = await app.inject('/7');
  return [r.statusCode, r.json()];
};
