import jwt from 'jsonwebtoken';
export const answer = () => {
  try {
    jwt.verify('a.b.c', 'k');
    return 0;
  } catch (e) {
    return [(e as Error).name, (e as Error).constructor.name, e instanceof jwt.JsonWebTokenError];
  }
};
