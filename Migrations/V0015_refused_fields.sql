-- What is refused of a profile while the rest of it goes on, and what waits for the operator.

-- One row for each field that one side refuses, until another value is there or the refusal is gone.
CREATE TABLE stripe_customers_refused_fields (
    user_id    TEXT NOT NULL,
    -- email, name, phone, metadata.NAME, or metadata where Stripe does not say which of the names it is.
    field      TEXT NOT NULL,
    -- stripe: Stripe refuses the user's value. users: a rule of the users table refuses Stripe's (--stripe-wins).
    refused_by TEXT NOT NULL CHECK (refused_by IN ('stripe', 'users')),
    -- A keyed hash of the value, which is personal data: any other value is tried.
    value_hash TEXT NOT NULL,
    error_type TEXT NOT NULL,
    error      TEXT NOT NULL,
    refused_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, field, refused_by)
) WITHOUT ROWID;

CREATE TRIGGER users_refusals_deleted AFTER DELETE ON users
BEGIN
    DELETE FROM stripe_customers_refused_fields WHERE user_id = CAST(old.id AS TEXT);
END;

-- Nothing of a former holder of the id is left that a renamed user could meet.
CREATE TRIGGER users_refusals_renamed AFTER UPDATE OF id ON users
WHEN CAST(old.id AS TEXT) IS NOT CAST(new.id AS TEXT)
BEGIN
    UPDATE stripe_customers_refused_fields SET user_id = CAST(new.id AS TEXT) WHERE user_id = CAST(old.id AS TEXT);
END;

-- 1: the last attempt failed for a reason that only the operator can mend. Counts only beside an error_type, which a change
-- of the user clears.
ALTER TABLE sync_queue ADD COLUMN for_operator INTEGER NOT NULL DEFAULT 0;
ALTER TABLE disposals ADD COLUMN for_operator INTEGER NOT NULL DEFAULT 0;

CREATE INDEX sync_queue_for_operator ON sync_queue (for_operator) WHERE for_operator = 1;
CREATE INDEX disposals_for_operator ON disposals (for_operator) WHERE for_operator = 1;
