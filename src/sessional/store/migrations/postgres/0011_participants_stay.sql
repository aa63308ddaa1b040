-- Who takes part is added and taken away, and never rewritten: the guards look when a row comes, and
-- places are counted when it comes and goes.
CREATE FUNCTION appointment_client_stays() RETURNS trigger LANGUAGE plpgsql AS '
BEGIN
    RAISE EXCEPTION ''who takes part is added and taken away, and never rewritten''
        USING ERRCODE = ''check_violation'';
END';
CREATE OR REPLACE TRIGGER appointment_client_stays BEFORE UPDATE OF appointment_id, client_id ON appointment_client
    FOR EACH ROW WHEN (NEW.appointment_id <> OLD.appointment_id OR NEW.client_id <> OLD.client_id)
    EXECUTE FUNCTION appointment_client_stays();
