-- What keeps users and Stripe customers in step. Times are milliseconds since 1970 (UTC).

-- Single facts about this database, such as the Stripe account and mode that it belongs to.
CREATE TABLE settings (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The profile as Stripe was last told it: the base of the three-way comparison. Only what differs from this is sent,
-- so an edit that was made at Stripe to another field stays.
CREATE TABLE synced_profiles (
    user_id     TEXT NOT NULL PRIMARY KEY,
    customer_id TEXT NOT NULL CHECK (length(customer_id) <= 255),
    -- A JSON object: email, name, phone, metadata.
    profile     TEXT NOT NULL CHECK (json_valid(profile)),
    synced_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- One row for each attempt to make a customer, committed before Stripe is called. A pending one is replayed with its
-- own fields and key, whatever the user's row says by then; a new generation has a new key.
CREATE TABLE create_intents (
    user_id         TEXT NOT NULL,
    generation      INTEGER NOT NULL CHECK (generation >= 1),
    idempotency_key TEXT NOT NULL UNIQUE CHECK (length(idempotency_key) <= 255),
    -- The exact parameters as a JSON object; emptied when the intent is settled, since they are personal data.
    fields          TEXT NOT NULL CHECK (json_valid(fields)),
    state           TEXT NOT NULL CHECK (state IN ('pending', 'linked', 'failed', 'abandoned')),
    -- 1: the host vouches for the address in fields, so a customer of that address may be adopted.
    email_verified  INTEGER NOT NULL DEFAULT 0 CHECK (email_verified IN (0, 1)),
    -- Answers of the 5xx kind that Stripe itself gave under this key: it saves them and would replay them for a day.
    server_failures INTEGER NOT NULL DEFAULT 0,
    -- The user was deleted, or linked by hand, meanwhile: what to do with the customer should there be one.
    disposal        TEXT CHECK (disposal IN ('archive', 'delete', 'keep')),
    customer_id     TEXT,
    created_at      INTEGER NOT NULL,
    settled_at      INTEGER,
    PRIMARY KEY (user_id, generation)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX create_intents_one_pending ON create_intents (user_id) WHERE state = 'pending';

-- The outbox: users whose profile changed since Stripe was told. One row a user; change_id is new with each change,
-- so a sync removes only the change it has carried out, and its idempotency key never stands for two bodies.
CREATE TABLE sync_queue (
    user_id     TEXT NOT NULL PRIMARY KEY,
    change_id   TEXT NOT NULL,
    enqueued_at INTEGER NOT NULL,
    attempts    INTEGER NOT NULL DEFAULT 0,
    not_before  INTEGER NOT NULL DEFAULT 0,
    -- 1: can't succeed until the user changes again; error_type and error say why.
    parked      INTEGER NOT NULL DEFAULT 0 CHECK (parked IN (0, 1)),
    error_type  TEXT,
    error       TEXT
) STRICT, WITHOUT ROWID;

CREATE INDEX sync_queue_due ON sync_queue (not_before) WHERE parked = 0;

-- Customers that are to be archived or deleted at Stripe because their user is gone or a host asked for it.
CREATE TABLE disposals (
    customer_id     TEXT NOT NULL PRIMARY KEY,
    user_id         TEXT,
    action          TEXT NOT NULL CHECK (action IN ('archive', 'delete')),
    idempotency_key TEXT NOT NULL,
    requested_at    INTEGER NOT NULL,
    attempts        INTEGER NOT NULL DEFAULT 0,
    not_before      INTEGER NOT NULL DEFAULT 0,
    parked          INTEGER NOT NULL DEFAULT 0 CHECK (parked IN (0, 1)),
    error_type      TEXT,
    error           TEXT
) STRICT, WITHOUT ROWID;

-- Customers that a host took away from a user: never adopted again by a look-up.
CREATE TABLE unlinked_customers (
    customer_id TEXT NOT NULL PRIMARY KEY,
    unlinked_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Customers that are archived while they keep their link: not synced until they are restored.
CREATE TABLE archived_customers (
    customer_id TEXT NOT NULL PRIMARY KEY,
    archived_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Calls that a host made under an idempotency key of its own.
CREATE TABLE idempotent_calls (
    idempotency_key TEXT NOT NULL PRIMARY KEY CHECK (length(idempotency_key) <= 255),
    request_hash    TEXT NOT NULL,
    -- NULL while the outcome is unknown.
    customer_id     TEXT,
    created_at      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The processes at work on this database; each renews its row while it lives.
CREATE TABLE processes (
    owner      TEXT NOT NULL PRIMARY KEY,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Who works on a user or a customer at this moment. A lease is good as long as its owner's row in processes is, so
-- one renewal serves all leases of a process, and a killed owner's leases fall to its successors.
CREATE TABLE leases (
    name  TEXT NOT NULL PRIMARY KEY,
    owner TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX leases_owner ON leases (owner);
