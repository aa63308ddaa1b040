// The audit suite of the GraphQL over HTTP specification, against a running server.
//
//   node audits.mjs URL TOKEN   ->  one JSON object a line: {id, level, name, passed, reason}

import { serverAudits } from 'graphql-http';

const [url, token] = process.argv.slice(2);

const withToken = (address, init = {}) =>
  fetch(address, { ...init, headers: { ...init.headers, authorization: `Bearer ${token}` } });

for (const audit of serverAudits({ url, fetchFn: withToken })) {
  const result = await audit.fn();
  const [level] = audit.name.split(' ');
  const outcome = { id: audit.id, level, name: audit.name, passed: result.status === 'ok' };
  if (!outcome.passed) outcome.reason = `${result.reason}, status ${result.response?.status}`;
  console.log(JSON.stringify(outcome));
}
