// The line above GraphiQL: whose page this is, who is signed in, and the way out.
import { Mark } from './mark';

export function Bar({ username, onSignOut }: { username: string; onSignOut: () => void }) {
  return (
    <header className="bar">
      <h1>
        <Mark /> Sessional
      </h1>
      <p>
        Signed in as <strong>{username}</strong>
        <span aria-hidden="true"> · </span>
        <button type="button" onClick={onSignOut}>
          Sign out
        </button>
      </p>
    </header>
  );
}
