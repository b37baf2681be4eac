import prettier from 'prettier';
export const answer = async () => [
  await prettier.format('a  =  1', { parser: 'babel' }),
  await prettier.format('# a\n* b', { parser: 'markdown' }),
];
