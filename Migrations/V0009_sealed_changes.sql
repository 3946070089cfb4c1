-- A note of a change under way becomes an event of the actor that it names, so it is sealed under the audit key: what
-- somebody else wrote, or changed, is recorded in nobody's name. NULL for a note of a process of an older version.
ALTER TABLE changes_under_way ADD COLUMN seal TEXT;
