import Papa from 'papaparse';
export const answer = () => Papa.parse('a,b\n1,2', { header: true }).data;
