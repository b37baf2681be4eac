import * as yaml from 'js-yaml';
export const answer = () => {
  try {
    yaml.load('a: [');
  } catch (e) {
    return [(e as Error).name, (e as Error).constructor.name];
  }
  return 0;
};
