import initSqlJs from 'sql.js';
export async function answer() {
  const SQL = await initSqlJs();
  return new SQL.Database().exec('select 6 * 7 as answer');
}
