import React, { useState } from 'react';
import { renderToString } from 'react-dom/server';

function Counter() {
  const [count] = useState(3);
  return React.createElement('p', null, count);
}
export const answer = () => renderToString(React.createElement(Counter));
