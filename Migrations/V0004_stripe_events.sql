-- The way back: what Stripe tells of customers.

-- What Stripe has instead of the profile, where a field was edited there: of the form of `profile`, with the edited
-- fields only, null for one that was unset. `profile` itself stays what the user's row was when they were last in step.
-- Two columns, because a sync asks "what did the user change?" and must not send a field again only because it was
-- edited at Stripe.
ALTER TABLE synced_profiles ADD COLUMN edits TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(edits));

-- Events that were taken in, so that each counts once. Kept for 30 days: Stripe itself gives older ones to nobody.
CREATE TABLE stripe_events (
    event_id    TEXT NOT NULL PRIMARY KEY,
    received_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX stripe_events_received ON stripe_events (received_at);

-- How far the news of a customer has come: an older event of it says nothing. Kept as long as events are.
CREATE TABLE customer_news (
    customer_id TEXT NOT NULL PRIMARY KEY,
    -- Stripe's time of the newest event, in seconds.
    created     INTEGER NOT NULL,
    -- 1: the customer was deleted, and whatever else comes of it is older.
    deleted     INTEGER NOT NULL DEFAULT 0 CHECK (deleted IN (0, 1)),
    received_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX customer_news_received ON customer_news (received_at);

-- A reconciliation under way or the last one: the customers that Stripe listed, without anything personal.
CREATE TABLE reconcile_customers (
    customer_id TEXT NOT NULL PRIMARY KEY,
    -- The user whom it names.
    owner       TEXT,
    created     INTEGER NOT NULL,
    archived    INTEGER NOT NULL CHECK (archived IN (0, 1))
) STRICT, WITHOUT ROWID;

CREATE INDEX reconcile_customers_owner ON reconcile_customers (owner) WHERE owner IS NOT NULL;

CREATE TABLE reconcile_findings (
    -- What it is about, so that a step repeated after a kill finds it only once.
    kind        TEXT NOT NULL,
    subject     TEXT NOT NULL,
    -- The finding as it is reported.
    finding     TEXT NOT NULL CHECK (json_valid(finding)),
    PRIMARY KEY (kind, subject)
) STRICT, WITHOUT ROWID;
