import Koa from 'koa';
export const answer = () => {
  const app = new Koa();
  return [app.constructor.name, typeof app.callback()];
};
