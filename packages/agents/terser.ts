import { minify } from 'terser';
export const answer = async () => (await minify('const a = 1 + 2; console.log(a)', { toplevel: true })).code;
