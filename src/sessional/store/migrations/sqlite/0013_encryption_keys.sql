-- The names of the keys that stored texts of clients may be encrypted with: a process that has none of a name
-- says so before it starts. 'clear' stands for texts that a version before encryption has left as they were.
CREATE TABLE encryption_key (
    key_name TEXT PRIMARY KEY
) STRICT;
INSERT INTO encryption_key (key_name)
SELECT 'clear' WHERE EXISTS (SELECT 1 FROM client WHERE email <> '' OR phone <> '' OR staff_notes <> '');
