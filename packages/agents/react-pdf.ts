import { Document, Page, renderToBuffer, Text } from '@react-pdf/renderer';
import React from 'react';
export async function answer() {
  const page = React.createElement(Page, null, React.createElement(Text, null, 'Hello'));
  const bytes = await renderToBuffer(React.createElement(Document, null, page) as never);
  return [bytes.subarray(0, 5).toString(), bytes.length > 500];
}
