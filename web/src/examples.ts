// The tabs that a newcomer finds: one operation each, which runs as it stands against the
// demonstration data. The names of the operations are the titles of the tabs.
//
// GraphiQL takes a title from the first line that names an operation, so no comment above it may
// put a name behind the word for its kind.

import bookSeries from './examples/book-series.graphql?raw';
import bookSession from './examples/book-session.graphql?raw';
import cancelSession from './examples/cancel-session.graphql?raw';
import createAppointment from './examples/create-appointment.graphql?raw';
import explainSlot from './examples/explain-slot.graphql?raw';
import findAppointments from './examples/find-appointments.graphql?raw';
import findFreeSlots from './examples/find-free-slots.graphql?raw';
import holdSlot from './examples/hold-slot.graphql?raw';
import joinWaitlist from './examples/join-waitlist.graphql?raw';
import moveSession from './examples/move-session.graphql?raw';
import nextSessions from './examples/next-sessions.graphql?raw';
import previewSeries from './examples/preview-series.graphql?raw';
import setWeek from './examples/set-week.graphql?raw';
import therapists from './examples/therapists.graphql?raw';
import workWaitlist from './examples/work-waitlist.graphql?raw';

interface Example {
  query: string;
  variables?: string;
}

const DAY = 24 * 3600 * 1000;

/** An hour of a day to come, as the API writes it: 2026-03-02T09:00:00Z. */
function instant(now: Date, daysAhead: number, hour: number): string {
  const midnight = Math.floor(now.getTime() / DAY) * DAY;
  return new Date(midnight + daysAhead * DAY + hour * 3600 * 1000).toISOString().replace('.000', '');
}

/** Not crypto.randomUUID, which browsers withhold from pages on plain http. */
function freshKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(8));
  return `graphiql-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}

export function examples(now: Date): Example[] {
  return [
    { query: findAppointments },
    { query: nextSessions, variables: pretty({ from: instant(now, 0, 0), count: 5, after: null }) },
    { query: findFreeSlots, variables: pretty({ search: { service: 'one-off', specialisms: ['CBT'] } }) },
    { query: explainSlot, variables: pretty({ startsAt: instant(now, 7, 22) }) },
    { query: holdSlot, variables: pretty({ input: holding(now) }) },
    { query: bookSession, variables: pretty({ input: booking(now) }) },
    { query: moveSession, variables: pretty({ input: moving(now) }) },
    { query: cancelSession, variables: pretty({ input: cancelling }) },
    { query: previewSeries, variables: pretty({ startsAt: instant(now, 7, 19), pattern: weekly }) },
    { query: bookSeries, variables: pretty({ input: series(now) }) },
    { query: joinWaitlist, variables: pretty({ input: waiting(now) }) },
    { query: workWaitlist, variables: pretty({ entry: '0' }) },
    { query: setWeek, variables: pretty({ input: week }) },
    { query: createAppointment },
    { query: therapists },
  ];
}

const pretty = (value: object) => JSON.stringify(value, null, 2);

const booking = (now: Date) => ({
  therapistId: '1',
  startsAt: instant(now, 7, 18),
  service: 'one-off',
  idempotencyKey: freshKey(),
});

const holding = (now: Date) => ({
  therapistId: '1',
  startsAt: instant(now, 7, 16),
  service: 'one-off',
});

// jane smith, who has no hours yet: with these she is offered in searches.
const week = {
  therapistId: '2',
  hours: [
    { weekday: 1, startsMinute: 540, endsMinute: 1260 },
    { weekday: 2, startsMinute: 540, endsMinute: 1260 },
  ],
  decisions: [],
};

const weekly = { every: 'WEEKLY', count: 4 };

const series = (now: Date) => ({
  therapistId: '1',
  startsAt: instant(now, 7, 19),
  service: 'one-off',
  pattern: weekly,
  choices: [{ number: 2, skip: true }],
  idempotencyKey: freshKey(),
});

const waiting = (now: Date) => ({
  clientId: '1',
  service: 'one-off',
  specialisms: ['CBT'],
  until: instant(now, 28, 0),
  timeOfDay: { fromMinute: 540, untilMinute: 720 },
  timeZone: 'Europe/London',
  idempotencyKey: freshKey(),
});

const moving = (now: Date) => ({
  appointmentId: '0',
  startsAt: instant(now, 8, 18),
  by: 'PRACTICE',
});

const cancelling = { appointmentId: '0', by: 'CLIENT', reasonCode: 'CLIENT_ILL' };
