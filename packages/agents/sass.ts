import * as sass from 'sass';
export const answer = () => sass.compileString('a { b { c: 1px + 2px } }').css;
