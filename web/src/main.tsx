// Where the page starts: it chooses the colours and draws the app.
import { createRoot } from 'react-dom/client';
import { App } from './app';
import { storage } from './storage';
import './fonts.css';
import './page.css';

// Whoever chose light or dark in GraphiQL's settings sees the sign-in form in it as well. GraphiQL
// writes the same class itself once it is drawn.
const theme = storage.getItem('graphiql:theme');
if (theme === 'light' || theme === 'dark') {
  document.body.classList.add(`graphiql-${theme}`);
}

const root = document.getElementById('root');
if (root) {
  createRoot(root).render(<App />);
}
