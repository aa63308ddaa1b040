// What the server has written into the page: the way to the practice's identity provider, and for
// somebody who comes back from there a session or the reason why there is none. The tokens come in the
// page's body and not in its address, which browsers remember.
import { keep, read, type Session } from './session';

const NAME = 'sessional-';

function take(name: string): string {
  const found = document.querySelector<HTMLMetaElement>(`meta[name="${NAME}${name}"]`);
  found?.remove();
  return found?.content ?? '';
}

/** Where signing in with the identity provider begins; empty where there is none. */
export const PROVIDER = take('sign-in');

const session = read(take('session') || null);
const notice = take('notice');
if (session) {
  keep(session);
}
if (session ?? notice) {
  // A code that has been used is of no use in the address, and a reload must not send it again.
  history.replaceState(null, '', '/');
}

export const handedSession = (): Session | null => session;
export const handedNotice = (): string => notice;
