import _ from 'lodash';
export const answer = () => [_.chunk([1, 2, 3], 2), _.template('a <%= b %>')({ b: 1 }), _.camelCase('a b')];
