// Fastify and Mercurius, tuned as its documentation says: jit from the first request, loaders without
// a cache of their own, prepared statements, no logging.
import { readFileSync } from 'node:fs';
import Fastify from 'fastify';
import mercurius from 'mercurius';
import * as sql from './sql.js';

const seconds = (text) => Date.parse(text) / 1000;
const edges = (nodes) => ({ edges: nodes.map((node) => ({ node })) });

const resolvers = {
  Query: {
    node: (_, { id }) => {
      const [kind, number] = Buffer.from(id, 'base64').toString().split(':');
      return kind === 'Appointment' ? sql.appointment(Number(number)) : null;
    },
    appointments: async (_, { filters, sort, first }) => {
      const { begin, end } = filters.startTimeUnixSecondsRange;
      return edges(await sql.page(begin, end, sort[0], first));
    },
  },
  Mutation: {
    bookAppointment: async (_, { input }) => {
      const start = seconds(input.startsAt);
      const end = start + input.durationSeconds;
      return { appointment: await sql.book(Number(input.therapistId), start, end, input.service) };
    },
  },
  Node: { resolveType: () => 'Appointment' },
  Appointment: {
    id: (row) => Buffer.from(`Appointment:${row.appointment_id}`).toString('base64'),
    appointmentId: (row) => row.appointment_id,
    therapistId: (row) => row.therapist_id,
    startTimeUnixSeconds: (row) => row.starts_at,
    durationSeconds: (row) => row.ends_at - row.starts_at,
    startsAt: (row) => new Date(row.starts_at * 1000).toISOString().replace('.000', ''),
    type: (row) => row.service_code,
  },
  Therapist: {
    firstName: (row) => row.first_name,
    lastName: (row) => row.last_name,
  },
  Specialism: { specialismName: (row) => row.name },
};

// A loader is called once for all parents of a level.
const loaders = {
  Appointment: {
    therapists: {
      opts: { cache: false },
      loader: async (queries) => {
        const ids = [...new Set(queries.map(({ obj }) => obj.therapist_id))];
        const found = new Map((await sql.therapists(ids)).map((row) => [row.therapist_id, row]));
        return queries.map(({ obj }) => found.get(obj.therapist_id));
      },
    },
  },
  Therapist: {
    specialisms: {
      opts: { cache: false },
      loader: async (queries) => {
        const found = new Map(queries.map(({ obj }) => [obj.therapist_id, []]));
        for (const row of await sql.specialisms([...found.keys()])) found.get(row.therapist_id).push(row);
        return queries.map(({ obj }) => edges(found.get(obj.therapist_id)));
      },
    },
  },
};

const app = Fastify({ logger: false });
const schema = readFileSync(new URL('./schema.graphql', import.meta.url), 'utf8');
app.register(mercurius, { schema, resolvers, loaders, jit: 1, path: '/graphql' });
app.listen({ host: '127.0.0.1', port: Number(process.env.BENCH_PORT) });
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => process.exit(0));
