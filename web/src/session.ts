// Who is signed in, and where that is kept.
//
// The tokens live in memory and in sessionStorage. Memory alone would ask for the password again at
// every reload; localStorage would leave a refresh token, good for 30 days, on a shared desk for
// whoever opens the browser next. sessionStorage ends with the browser's tab.

export interface Session {
  readonly username: string;
  readonly refreshToken: string;
  /** Replaced whenever it is refreshed: it lasts ten minutes. */
  accessToken: string;
}

const KEY = 'sessional:session';

export function keep(session: Session): void {
  sessionStorage.setItem(KEY, JSON.stringify(session));
}

export function forget(): void {
  sessionStorage.removeItem(KEY);
}

export function restore(): Session | null {
  return read(sessionStorage.getItem(KEY));
}

/** The session that a text holds, if it does. */
export function read(text: string | null): Session | null {
  try {
    const kept: unknown = JSON.parse(text ?? 'null');
    return isSession(kept) ? kept : null;
  } catch {
    return null; // Written by something else under our name: as good as nothing.
  }
}

function isSession(value: unknown): value is Session {
  const fields = ['username', 'accessToken', 'refreshToken'];
  return (
    typeof value === 'object' &&
    value !== null &&
    fields.every((field) => typeof (value as Record<string, unknown>)[field] === 'string')
  );
}
