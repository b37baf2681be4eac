import postcss from 'postcss';
export const answer = () => {
  try {
    postcss.parse('a {');
    return 0;
  } catch (e) {
    return [(e as Error).name, (e as Error).constructor.name];
  }
};
