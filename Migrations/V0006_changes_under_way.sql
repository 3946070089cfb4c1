-- Changes that are being made at Stripe and of which no transaction here knows. Each is noted before Stripe is called
-- and goes with the event that tells how it ended, so a kill in between leaves the note: the next process records
-- that the outcome is unknown. As in the audit log, nothing personal is in it.
CREATE TABLE changes_under_way (
    id          INTEGER PRIMARY KEY,
    -- The process, as in processes.
    owner       TEXT NOT NULL,
    actor_id    TEXT,
    actor_role  TEXT,
    method      TEXT NOT NULL,
    user_id     TEXT,
    customer_id TEXT,
    traceparent TEXT,
    details     TEXT NOT NULL CHECK (json_valid(details))
) STRICT;
