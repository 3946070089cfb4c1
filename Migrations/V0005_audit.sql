-- Who did what. Each event holds the keyed hash of itself and the event before it, so an edit, a removal or a swap
-- shows (verifyAuditLog); a file beside the database says how far the log has come, so a cut tail shows too.
-- Personal data is in it only as a mask and a keyed hash: erasing a user leaves the chain as it is.
CREATE TABLE audit_events (
    -- From 1, without gaps.
    sequence      INTEGER PRIMARY KEY CHECK (sequence >= 1),
    at            INTEGER NOT NULL,
    -- NULL when the host spoke for itself.
    actor_id      TEXT,
    actor_role    TEXT,
    -- The method called, or the name of the background step.
    method        TEXT NOT NULL,
    user_id       TEXT,
    customer_id   TEXT,
    -- ok, or the type of the error.
    outcome       TEXT NOT NULL,
    details       TEXT NOT NULL CHECK (json_valid(details)),
    -- NULL for the first one. Hashes are 64 hex digits.
    previous_hash TEXT,
    hash          TEXT NOT NULL
) STRICT;

CREATE INDEX audit_events_at ON audit_events (at);
CREATE INDEX audit_events_actor ON audit_events (actor_id) WHERE actor_id IS NOT NULL;
CREATE INDEX audit_events_user ON audit_events (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX audit_events_customer ON audit_events (customer_id) WHERE customer_id IS NOT NULL;

-- These keep programs and people from mistakes. Who drops them to change the log is found by the hashes.
CREATE TRIGGER audit_events_no_update BEFORE UPDATE ON audit_events
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;

CREATE TRIGGER audit_events_no_delete BEFORE DELETE ON audit_events
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;

-- An INSERT OR REPLACE would delete the row that it meets without a DELETE trigger
-- (https://www.sqlite.org/lang_conflict.html), so only the next sequence goes in.
CREATE TRIGGER audit_events_next_only BEFORE INSERT ON audit_events
WHEN new.sequence IS NOT (SELECT coalesce(max(sequence), 0) + 1 FROM audit_events)
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;

-- Users that are to be forgotten. The row goes last of all, so that a killed process's successor completes the erasure.
CREATE TABLE erasures (
    user_id      TEXT NOT NULL PRIMARY KEY,
    -- A JSON array of the customers that are deleted at Stripe; each is in disposals until it is.
    customer_ids TEXT NOT NULL CHECK (json_valid(customer_ids)),
    requested_at INTEGER NOT NULL,
    -- 1: nothing is left in the tables; what the write-ahead log still holds remains to be overwritten.
    scrubbed     INTEGER NOT NULL DEFAULT 0 CHECK (scrubbed IN (0, 1))
) STRICT, WITHOUT ROWID;
