// The conversation with the API: one request, signing in, and requests that carry the token.
// It knows nothing of React and nothing of GraphiQL.
import { keep, type Session } from './session';

export interface Request {
  query: string;
  variables?: unknown;
  operationName?: string | null;
}

export interface Answer {
  data?: Record<string, unknown> | null;
  errors?: { message: string; extensions?: { code?: string } }[];
}

/** Why somebody is not signed in, in a sentence for them. */
export class Refusal extends Error {
  constructor(
    message: string,
    /** Whether the password was right, and a code is what is missing. */
    readonly wantsCode: boolean,
  ) {
    super(message);
  }
}

const WANTING_CODE = ['SECOND_FACTOR_REQUIRED', 'SECOND_FACTOR_WRONG'];

/** Send one operation. What keeps it from being answered comes back as an answer with an error. */
export async function ask(request: Request, accessToken?: string): Promise<Answer> {
  const headers = new Headers({
    accept: 'application/graphql-response+json, application/json;q=0.9',
    'content-type': 'application/json',
  });
  if (accessToken) {
    headers.set('authorization', `Bearer ${accessToken}`);
  }
  let response: Response;
  try {
    response = await fetch('/graphql', { method: 'POST', headers, body: JSON.stringify(request) });
  } catch {
    return failure('The server cannot be reached. Is it running?');
  }
  try {
    return (await response.json()) as Answer;
  } catch {
    return failure(`The server's answer is not JSON (HTTP ${response.status}).`);
  }
}

const failure = (message: string): Answer => ({ errors: [{ message }] });

export async function signIn(username: string, password: string, code?: string): Promise<Session> {
  const answer = await ask({
    query: `mutation SignIn($username: String!, $password: String!, $code: String) {
      auth(username: $username, password: $password, code: $code) { accessToken refreshToken }
    }`,
    variables: { username, password, code },
  });
  const tokens = answer.data?.['auth'] as Partial<Session> | null | undefined;
  if (!tokens?.accessToken || !tokens.refreshToken) {
    const error = answer.errors?.[0];
    throw new Refusal(
      error?.message ?? 'The server gave no reason for refusing.',
      WANTING_CODE.includes(error?.extensions?.code ?? ''),
    );
  }
  return { username, accessToken: tokens.accessToken, refreshToken: tokens.refreshToken };
}

/**
 * What sends operations in the name of `session`. A token that is no longer accepted is refreshed
 * and the operation sent once more; `onEnd` is called where there is no new token to be had.
 */
export function sender(session: Session, onEnd: () => void): (request: Request) => Promise<Answer> {
  const renew = renewal(session);
  return async (request) => {
    const tokenSent = session.accessToken;
    const answer = await ask(request, tokenSent);
    if (!isRefusedWhole(answer)) {
      return answer;
    }
    // Another request may have fetched a new token while this one was under way.
    const outcome = session.accessToken === tokenSent ? await renew() : 'renewed';
    if (outcome === 'refused') {
      onEnd();
    }
    // A refusal in spite of a brand-new token is about what was asked, for example about the token in
    // a `refresh` that somebody tries out, so it is shown like every other answer.
    return outcome === 'renewed' ? ask(request, session.accessToken) : answer;
  };
}

type Outcome = 'renewed' | 'refused' | 'unanswered';

/** Fetches a new access token; calls that overlap share one request. */
function renewal(session: Session): () => Promise<Outcome> {
  let underWay: Promise<Outcome> | undefined;
  const renew = async (): Promise<Outcome> => {
    const answer = await ask({
      query: 'mutation Renew($token: String!) { refresh(refreshToken: $token) { newToken } }',
      variables: { token: session.refreshToken },
    });
    const renewed = answer.data?.['refresh'] as { newToken?: string } | null | undefined;
    if (renewed?.newToken) {
      session.accessToken = renewed.newToken;
      keep(session);
      return 'renewed';
    }
    // Only a refusal ends a session; a server that is restarting or overloaded does not.
    return isRefusedWhole(answer) ? 'refused' : 'unanswered';
  };
  return () => (underWay ??= renew().finally(() => (underWay = undefined)));
}

/** Refused for want of a valid token, with nothing done: only then is it safe to send it again. */
function isRefusedWhole(answer: Answer): boolean {
  return (
    (answer.errors ?? []).some((error) => error.extensions?.code === 'UNAUTHENTICATED') &&
    Object.values(answer.data ?? {}).every((value) => value === null)
  );
}
