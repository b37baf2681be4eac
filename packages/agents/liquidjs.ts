import { Liquid } from 'liquidjs';
export const answer = async () => await new Liquid().parseAndRender('{{ a | upcase }}', { a: 'b' });
