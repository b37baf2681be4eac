import { createRequire } from 'node:module';
import * as XLSX from 'xlsx';
export const answer = () => {
  const s = XLSX.utils.aoa_to_sheet([[1, 'a']]);
  return [XLSX.utils.sheet_to_csv(s), typeof createRequire];
};
