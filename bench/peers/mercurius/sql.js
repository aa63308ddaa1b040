// The statements, each prepared once per connection by its name, and the pool they run on.
import pg from 'pg';

pg.types.setTypeParser(pg.types.builtins.INT8, Number);

const pool = new pg.Pool({
  connectionString: process.env.BENCH_DATABASE,
  min: Number(process.env.BENCH_CONNECTIONS ?? 10),
  max: Number(process.env.BENCH_CONNECTIONS ?? 10),
  idleTimeoutMillis: 0,
  options: '-c plan_cache_mode=force_generic_plan -c jit=off',
});

const COLUMNS = 'appointment_id, therapist_id, service_code, starts_at, ends_at';
const ORDERS = {
  START_TIME_UNIX_SECONDS_ASC: 'starts_at, appointment_id',
  APPOINTMENT_ID_ASC: 'appointment_id',
};

const rows = async (name, text, values) => (await pool.query({ name, text, values })).rows;

export const page = (begin, end, order, first) =>
  rows(`page ${order}`,
    `SELECT ${COLUMNS} FROM appointment WHERE starts_at >= $1 AND starts_at <= $2
     ORDER BY ${ORDERS[order]} LIMIT $3`, [begin, end, first]);

export const appointment = async (id) =>
  (await rows('appointment', `SELECT ${COLUMNS} FROM appointment WHERE appointment_id = $1`, [id]))[0];

export const therapists = (ids) =>
  rows('therapists',
    'SELECT therapist_id, first_name, last_name FROM therapist WHERE therapist_id = ANY ($1)', [ids]);

export const specialisms = (therapistIds) =>
  rows('specialisms',
    `SELECT ts.therapist_id, s.name FROM therapist_specialism ts JOIN specialism s USING (specialism_id)
     WHERE ts.therapist_id = ANY ($1) ORDER BY ts.therapist_id, ts.specialism_id`, [therapistIds]);

export const book = async (therapistId, startsAt, endsAt, service) =>
  (await rows('book',
    `INSERT INTO appointment (therapist_id, starts_at, ends_at, service_code)
     VALUES ($1, $2, $3, $4) RETURNING ${COLUMNS}`, [therapistId, startsAt, endsAt, service]))[0];
