import { makeExecutableSchema } from '@graphql-tools/schema';
import { graphql } from 'graphql';
export async function answer() {
  const schema = makeExecutableSchema({
    typeDefs: 'type Query { hello(name: String!): String }',
    resolvers: { Query: { hello: (_: unknown, { name }: { name: string }) => `Hello, ${name}` } },
  });
  return await graphql({ schema, source: '{ hello(name: "you") }' });
}
