import { PDFDocument, StandardFonts } from 'pdf-lib';
export async function answer() {
  const document = await PDFDocument.create();
  const font = await document.embedFont(StandardFonts.Helvetica);
  document.addPage([100, 100]).drawText('Hello', { font });
  return [document.getPageCount(), (await document.save()).length > 500];
}
