// What is on the page: the sign-in form, or who is signed in and GraphiQL below.
import { lazy, Suspense, useCallback, useState } from 'react';
import { Bar } from './bar';
import { handedNotice, handedSession } from './handed';
import { forget, keep, restore, type Session } from './session';
import { SignIn } from './signin';

const EXPIRED = 'You have been signed out, because your session has ended. Please sign in again.';

// The editor is large. It is a chunk of its own, fetched while somebody types their password.
async function loadExplorer() {
  try {
    // The editor measures its letters once: they should be there by then.
    const letters = document.fonts.load('15px "Fira Code"').catch(() => []);
    const [module] = await Promise.all([import('./explorer'), letters]);
    return { default: module.Explorer };
  } catch {
    // The server was upgraded under an open page, and the files that this page knows are gone.
    return { default: () => <p className="loading">The page could not be loaded. Please reload it.</p> };
  }
}
const explorer = loadExplorer();
const Explorer = lazy(() => explorer);

export function App() {
  const [session, setSession] = useState(() => handedSession() ?? restore());
  const [notice, setNotice] = useState(handedNotice);

  const signedIn = useCallback((found: Session) => {
    keep(found);
    setSession(found);
  }, []);
  const signOut = useCallback((why: string) => {
    forget();
    setNotice(why);
    setSession(null);
  }, []);
  const expired = useCallback(() => {
    signOut(EXPIRED);
  }, [signOut]);

  if (!session) {
    return <SignIn notice={notice} onSignedIn={signedIn} />;
  }
  return (
    <>
      <Bar username={session.username} onSignOut={() => { signOut(''); }} />
      <Suspense fallback={<p className="loading" role="status">Loading …</p>}>
        <Explorer session={session} onExpired={expired} />
      </Suspense>
    </>
  );
}
