import prettier from 'prettier';
export const answer = () =>
  prettier.format('<a><b/></a>', {
    parser: 'xml',
    plugins: ['@prettier/plugin-xml'],
    xmlWhitespaceSensitivity: 'ignore',
  });
