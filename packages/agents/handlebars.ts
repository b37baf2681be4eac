import Handlebars from 'handlebars';
export const answer = () => Handlebars.compile('{{#each a}}{{this}},{{/each}}')({ a: [1, 2] });
