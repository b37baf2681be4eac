import bcrypt from 'bcryptjs';
export const answer = () => bcrypt.compareSync('a', bcrypt.hashSync('a', 4));
