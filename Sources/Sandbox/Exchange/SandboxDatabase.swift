import SQLite

/// The schema of the sandbox. `account` is the `Stripe-Account`, empty for the platform; `object` is the Stripe object
/// as JSON; `created` is in seconds; `sequence` is the order of creation, which tells apart what was made in one
/// second.
private let schema = """
    -- A deleted customer keeps its row, since Stripe still answers for its id.
    CREATE TABLE customer (
      sequence INTEGER PRIMARY KEY AUTOINCREMENT,
      account TEXT NOT NULL,
      id TEXT NOT NULL,
      created INTEGER NOT NULL,
      email TEXT,
      test_clock TEXT,
      deleted INTEGER NOT NULL DEFAULT 0,
      object TEXT NOT NULL,
      UNIQUE (account, id)
    ) STRICT;
    CREATE INDEX customer_newest ON customer (account, created, sequence) WHERE deleted = 0;
    CREATE INDEX customer_email ON customer (account, lower(email), created, sequence) WHERE deleted = 0;
    CREATE INDEX customer_user
      ON customer (account, lower(json_extract(object, '$.metadata.userId')), created, sequence) WHERE deleted = 0;

    -- What hangs on a customer: subscriptions, invoices, payment methods, cards, tax ids.
    CREATE TABLE billing (
      sequence INTEGER PRIMARY KEY AUTOINCREMENT,
      account TEXT NOT NULL,
      id TEXT NOT NULL,
      created INTEGER NOT NULL,
      kind TEXT NOT NULL,
      customer TEXT NOT NULL,
      status TEXT NOT NULL,
      object TEXT NOT NULL,
      UNIQUE (account, id)
    ) STRICT;
    CREATE INDEX billing_customer ON billing (account, kind, customer, created, sequence);

    CREATE TABLE event (
      sequence INTEGER PRIMARY KEY AUTOINCREMENT,
      account TEXT NOT NULL,
      id TEXT NOT NULL,
      created INTEGER NOT NULL,
      type TEXT NOT NULL,
      object TEXT NOT NULL,
      UNIQUE (account, id)
    ) STRICT;
    CREATE INDEX event_newest ON event (account, created, sequence);
    CREATE INDEX event_type ON event (account, type, created, sequence);

    -- What was answered under an Idempotency-Key; `request` is the method, path and parameters it was first used with.
    CREATE TABLE idempotency (
      account TEXT NOT NULL,
      key TEXT NOT NULL,
      created INTEGER NOT NULL,
      request TEXT NOT NULL,
      request_id TEXT NOT NULL,
      status INTEGER NOT NULL,
      body TEXT NOT NULL,
      PRIMARY KEY (account, key)
    ) STRICT;
    CREATE INDEX idempotency_age ON idempotency (created);

    PRAGMA user_version = 1;
    """

/// Opens the sandbox's file, which several processes may have open at once, and creates what is missing.
///
/// `synchronous = NORMAL`: play money may be lost in a power cut.
func openSandboxDatabase(path: String) throws(SQLiteError) -> Connection {
    var connection = try Connection(path: path, busyTimeout: 10_000)
    try connection.useWriteAheadLog(synchronous: .normal)
    try connection.overwriteDeleted()
    try connection.transaction { connection throws(SQLiteError) in
        let version = try connection.first("PRAGMA user_version")?.integer(0) ?? 0
        if version == 0 { try connection.script(schema) }
        if version > 1 {
            throw SQLiteError(code: 1, message: "the sandbox file was written by a newer version (schema \(version))")
        }
    }
    return connection
}
