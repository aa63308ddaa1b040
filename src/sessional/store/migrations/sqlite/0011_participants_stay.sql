-- Who takes part is added and taken away, and never rewritten: the guards look when a row comes, and
-- places are counted when it comes and goes.
CREATE TRIGGER appointment_client_stays BEFORE UPDATE OF appointment_id, client_id ON appointment_client
WHEN NEW.appointment_id <> OLD.appointment_id OR NEW.client_id <> OLD.client_id
BEGIN
    SELECT RAISE(ABORT, 'who takes part is added and taken away, and never rewritten');
END;
