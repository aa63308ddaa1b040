// Apollo Client against a running server: log in, read a connection to its end, book.
//
//   node apollo.mjs URL USERNAME PASSWORD THERAPIST_ID   ->  one JSON object

import { ApolloClient, ApolloLink, CombinedGraphQLErrors, HttpLink, InMemoryCache, gql } from '@apollo/client';
import { SetContextLink } from '@apollo/client/link/context';
import { relayStylePagination } from '@apollo/client/utilities';
import { filter, firstValueFrom } from 'rxjs';

const [uri, username, password, therapistId] = process.argv.slice(2);

let token = null;
const withToken = new SetContextLink(({ headers }) => ({
  headers: { ...headers, ...(token ? { authorization: `Bearer ${token}` } : {}) },
}));
const client = new ApolloClient({
  link: ApolloLink.from([withToken, new HttpLink({ uri })]),
  cache: new InMemoryCache({
    possibleTypes: {
      Node: ['Appointment', 'Therapist', 'Specialism', 'Service'],
      UserError: ['SlotTaken', 'UnknownTherapist', 'UnknownService', 'InvalidTime', 'InvalidInput'],
    },
    typePolicies: { Query: { fields: { appointments: relayStylePagination(['sort', 'filters']) } } },
  }),
});

const LOG_IN = gql`
  mutation LogIn($username: String!, $password: String!) {
    auth(username: $username, password: $password) {
      accessToken
      refreshToken
    }
  }
`;
const PAGE = gql`
  query Page($after: String) {
    appointments(
      first: 25, after: $after, sort: [TYPE_DESC, START_TIME_UNIX_SECONDS_ASC]
      filters: { therapistIds: [1, 2, 3, 5, 12] }
    ) {
      totalCount
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
      edges {
        cursor
        node { id appointmentId therapist { id firstName specialisms { edges { node { id specialismName } } } } }
      }
    }
  }
`;
const BOOK = gql`
  mutation Book($input: BookAppointmentInput!) {
    bookAppointment(input: $input) {
      replayed
      appointment { id startsAt endsAt therapist { id therapistId } }
      errors {
        ... on UserError { code message path }
        ... on SlotTaken { alternatives { startsAt endsAt } }
      }
    }
  }
`;

async function refusal(work) {
  try {
    await work();
    return 'nothing was refused';
  } catch (error) {
    return CombinedGraphQLErrors.is(error) ? error.errors[0].extensions.code : String(error);
  }
}

/** Read on while there is more, as a list does that grows; Apollo's cache puts the pages together. */
async function readToTheEnd() {
  const list = client.watchQuery({ query: PAGE });
  const subscription = list.subscribe({});
  const first = await firstValueFrom(list.pipe(filter(({ loading }) => !loading)));
  let { pageInfo } = first.data.appointments;
  let pages = 1;
  while (pageInfo.hasNextPage && pages < 50) {
    const more = await list.fetchMore({ variables: { after: pageInfo.endCursor } });
    ({ pageInfo } = more.data.appointments);
    pages += 1;
  }
  const { edges, totalCount } = client.readQuery({ query: PAGE }).appointments;
  subscription.unsubscribe();
  return { pages, totalCount, ids: edges.map(({ node }) => node.appointmentId) };
}

const report = {};
report.beforeLogIn = await refusal(() => client.query({ query: gql`query Me { viewer { username } }` }));
const { data: entry } = await client.mutate({ mutation: LOG_IN, variables: { username, password } });
token = entry.auth.accessToken;
report.read = await readToTheEnd();
const input = { therapistId, startsAt: '2033-05-18T10:00:00Z', service: 'consultation', idempotencyKey: 'apollo' };
const book = async (changes) =>
  (await client.mutate({ mutation: BOOK, variables: { input: { ...input, ...changes } } })).data.bookAppointment;
report.booked = await book({});
report.again = await book({});
report.taken = await book({ idempotencyKey: 'another' });
report.badCursor = await refusal(() => client.query({ query: PAGE, variables: { after: 'x' }, fetchPolicy: 'network-only' }));
console.log(JSON.stringify(report));
