-- A place in a group that is kept for an account. It is a hold like others, a row with held_until, but of a
-- place and not of a time: so it does not block, and its status is one that does not. place_of is the session
-- that it is a place in. As many as there are rows count against that session's capacity, so that the constraint
-- has the last word about the last place; those that ran out are taken away by whoever wants it, as with times.
ALTER TABLE appointment ADD COLUMN place_of bigint;
ALTER TABLE appointment ADD COLUMN places_held bigint NOT NULL DEFAULT 0
    CONSTRAINT appointment_places CHECK (places_held >= 0 AND places_taken + places_held <= capacity);
CREATE INDEX appointment_by_place ON appointment (place_of) WHERE place_of IS NOT NULL;

CREATE FUNCTION appointment_place_held() RETURNS trigger LANGUAGE plpgsql AS '
BEGIN
    UPDATE appointment SET places_held = places_held + 1
    WHERE therapist_id = NEW.therapist_id AND appointment_id = NEW.place_of;
    RETURN NULL;
END';
CREATE OR REPLACE TRIGGER appointment_place_held AFTER INSERT ON appointment
    FOR EACH ROW WHEN (NEW.place_of IS NOT NULL) EXECUTE FUNCTION appointment_place_held();

CREATE FUNCTION appointment_place_given_back() RETURNS trigger LANGUAGE plpgsql AS '
BEGIN
    UPDATE appointment SET places_held = places_held - 1 WHERE appointment_id = OLD.place_of;
    RETURN NULL;
END';
CREATE OR REPLACE TRIGGER appointment_place_given_back AFTER DELETE ON appointment
    FOR EACH ROW WHEN (OLD.place_of IS NOT NULL) EXECUTE FUNCTION appointment_place_given_back();

CREATE FUNCTION appointment_place_stays() RETURNS trigger LANGUAGE plpgsql AS '
BEGIN
    RAISE EXCEPTION ''a place that is held is given back, and never rewritten'' USING ERRCODE = ''check_violation'';
END';
CREATE OR REPLACE TRIGGER appointment_place_stays BEFORE UPDATE OF place_of ON appointment
    FOR EACH ROW WHEN (NEW.place_of IS DISTINCT FROM OLD.place_of) EXECUTE FUNCTION appointment_place_stays();

-- A place is lost with its session, and where that goes to another time or diary: whoever held it looks anew.
CREATE FUNCTION appointment_places_lost() RETURNS trigger LANGUAGE plpgsql AS '
BEGIN
    DELETE FROM appointment WHERE place_of = NEW.appointment_id;
    RETURN NULL;
END';
CREATE OR REPLACE TRIGGER appointment_places_lost
    AFTER UPDATE OF therapist_id, starts_at, ends_at, status ON appointment
    FOR EACH ROW WHEN (OLD.places_held > 0 AND (NEW.status NOT IN ('BOOKED', 'ARRIVED')
        OR (NEW.therapist_id, NEW.starts_at, NEW.ends_at) <> (OLD.therapist_id, OLD.starts_at, OLD.ends_at)))
    EXECUTE FUNCTION appointment_places_lost();
