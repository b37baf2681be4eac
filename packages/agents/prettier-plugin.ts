import prettier from 'prettier';

// By its URL: a bare name is looked up from the working directory.
const plugins = [import.meta.resolve('@prettier/plugin-xml')];

export const answer = () =>
  prettier.format('<a><b/></a>', { parser: 'xml', plugins, xmlWhitespaceSensitivity: 'ignore' });
