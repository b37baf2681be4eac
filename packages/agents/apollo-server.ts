import { ApolloServer } from '@apollo/server';
import { GraphQLError } from 'graphql';

const server = new ApolloServer({
  typeDefs: 'type Query { hello: String, fail: String }',
  resolvers: {
    Query: {
      hello: () => 'world',
      fail: () => {
        throw new GraphQLError('no', { extensions: { code: 'NO' } });
      },
    },
  },
});
export async function answer() {
  const { body } = await server.executeOperation({ query: '{ hello fail }' });
  const { data, errors } = (
    body as unknown as { singleResult: { data: unknown; errors: { extensions: { code: string } }[] } }
  ).singleResult;
  return [data, errors.map((error) => error.extensions.code)];
}
