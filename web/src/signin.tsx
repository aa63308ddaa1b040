// The form in front of everything: a name and a password against tokens, and a code where the account
// has a second factor, which the server says once the password was right.
import { useEffect, useId, useRef, useState, type FormEvent } from 'react';
import { Refusal, signIn } from './api';
import { PROVIDER } from './handed';
import { Mark } from './mark';
import type { Session } from './session';

interface Props {
  /** Why the form is shown again, in a sentence; empty at first. */
  notice: string;
  onSignedIn: (session: Session) => void;
}

export function SignIn({ notice, onSignedIn }: Props) {
  const [message, setMessage] = useState(notice);
  const [busy, setBusy] = useState(false);
  const [wantsCode, setWantsCode] = useState(false);
  const password = useRef<HTMLInputElement>(null);
  const code = useRef<HTMLInputElement>(null);
  const messageId = useId();

  useEffect(() => {
    if (wantsCode) {
      code.current?.focus();
    }
  }, [wantsCode]);

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    setBusy(true);
    setMessage('');
    try {
      const given = wantsCode ? String(fields.get('code')) : undefined;
      onSignedIn(await signIn(String(fields.get('username')), String(fields.get('password')), given));
    } catch (error) {
      const asked = error instanceof Refusal && error.wantsCode;
      setMessage(error instanceof Error ? error.message : String(error));
      setWantsCode(asked);
      setBusy(false);
      (asked ? code : password).current?.select();
    }
  }

  return (
    <main className="signin">
      <form className="signin-form" onSubmit={(event) => void submit(event)}>
        <h1>
          <Mark /> Sessional
        </h1>
        <p className="signin-purpose">Explore the appointment API.</p>
        <label>
          Username
          <input
            name="username"
            autoComplete="username"
            autoCapitalize="none"
            spellCheck={false}
            required
            autoFocus
            aria-describedby={messageId}
          />
        </label>
        <label>
          Password
          <input
            ref={password}
            name="password"
            type="password"
            autoComplete="current-password"
            required
            aria-describedby={messageId}
          />
        </label>
        {wantsCode && (
          <label>
            Code
            <input
              ref={code}
              name="code"
              autoComplete="one-time-code"
              autoCapitalize="characters"
              spellCheck={false}
              required
              aria-describedby={messageId}
            />
          </label>
        )}
        {/* Always there, so that screen readers notice when it fills. */}
        <p className="signin-message" role="alert" id={messageId}>
          {message}
        </p>
        <button type="submit" disabled={busy}>
          {busy ? 'Signing in …' : 'Sign in'}
        </button>
        {PROVIDER && (
          <a className="signin-provider" href={PROVIDER}>
            Sign in with your practice’s account
          </a>
        )}
      </form>
    </main>
  );
}
