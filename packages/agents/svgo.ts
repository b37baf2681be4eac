import { optimize } from 'svgo';
export const answer = () =>
  optimize('<svg xmlns="http://www.w3.org/2000/svg"><g><path d="M 0 0 L 10 10"/></g></svg>').data;
