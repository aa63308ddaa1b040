// GraphiQL, set up for Sessional: the token on every request, the example tabs, our storage.
import { GraphiQL, HISTORY_PLUGIN } from 'graphiql';
import { DOC_EXPLORER_PLUGIN } from '@graphiql/plugin-doc-explorer';
import type { Fetcher } from '@graphiql/toolkit';
import { useEffect, useMemo, useState } from 'react';
import { sender, type Request } from './api';
import { examples } from './examples';
import type { Session } from './session';
import { storage } from './storage';
import './workers';
// One by one, because graphiql/style.css carries its fonts as data: addresses, which the policy
// forbids, and Monaco's style a second time.
import '@graphiql/react/style.css';
import '@graphiql/plugin-doc-explorer/style.css';
import '@graphiql/plugin-history/style.css';
import 'graphiql/graphiql.css';

const PLUGINS = [HISTORY_PLUGIN];
const PROBE = { query: 'query Introspects { __schema { queryType { name } } }' };

/**
 * GraphiQL learns an operation's name a moment after a change of tabs. Whoever runs it sooner would
 * send the name from the tab before, which the server must refuse.
 */
function withoutStaleName(request: Request): Request {
  const { operationName, ...rest } = request;
  const named = new RegExp(`\\b(query|mutation|subscription)\\s+${operationName}\\b`);
  return named.test(request.query) ? request : rest;
}

interface Props {
  session: Session;
  /** Called when the session cannot be prolonged any more. */
  onExpired: () => void;
}

export function Explorer({ session, onExpired }: Props) {
  const send = useMemo(() => sender(session, onExpired), [session, onExpired]);
  const fetcher = useMemo(() => ((request: Request) => send(withoutStaleName(request))) as Fetcher, [send]);
  const [introspects, setIntrospects] = useState<boolean>();

  // Asked first, because GraphiQL fills the answer's place with a refused introspection.
  useEffect(() => {
    void send(PROBE).then((answer) => {
      setIntrospects(Boolean(answer.data?.['__schema']));
    });
  }, [send]);

  if (introspects === undefined) {
    return <p className="loading" role="status">Loading …</p>;
  }
  return (
    <>
      {!introspects && (
        <p className="note" role="status">
          This server does not describe its schema (introspection is off). Operations run as usual; there is no
          documentation and no completion.
        </p>
      )}
      <main className="explorer">
        <GraphiQL
          fetcher={fetcher}
          {...(introspects ? {} : { schema: null })}
          schemaDescription
          inputValueDeprecation
          plugins={PLUGINS}
          referencePlugin={DOC_EXPLORER_PLUGIN}
          storage={storage}
          defaultTabs={examples(new Date())}
          // Two of the examples have variables, and a newcomer should see where they go.
          defaultEditorToolsVisibility="variables"
          // The token is set for you; what is typed there would be kept in the history.
          isHeadersEditorEnabled={false}
          showPersistHeadersSettings={false}
        >
          <GraphiQL.Logo>{null}</GraphiQL.Logo>
        </GraphiQL>
      </main>
    </>
  );
}
