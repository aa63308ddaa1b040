-- Which windows of many diaries are full is answered from this index alone (windows_not_full).
DROP INDEX appointment_by_diary;
CREATE INDEX appointment_by_diary ON appointment (therapist_id, starts_at, ends_at, blocks, held_until, capacity);
