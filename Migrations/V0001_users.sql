-- Users: the host's table. A host may have it already, with columns of its own: then only what is missing is added,
-- and rows and extra columns stay. That is also why it is not STRICT (VARCHAR is no STRICT type) and has few rules.
-- A statement behind `-- unless: SELECT …` runs only when that query gives no row, since SQLite has no
-- ADD COLUMN IF NOT EXISTS.
CREATE TABLE IF NOT EXISTS users (
    id                 TEXT NOT NULL PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 255),
    -- The limits are Stripe's, so that what is stored can be sent.
    email              TEXT CHECK (length(email) <= 512),
    name               TEXT CHECK (length(name) <= 256),
    phone              TEXT CHECK (length(phone) <= 20),
    -- A JSON object of strings that goes into the customer's metadata; NULL is none.
    stripe_metadata    TEXT,
    -- NULL until the customer exists at Stripe.
    stripe_customer_id VARCHAR(255) CHECK (length(stripe_customer_id) <= 255)
);

-- unless: SELECT 1 FROM pragma_table_info('users') WHERE name = 'name'
ALTER TABLE users ADD COLUMN name TEXT;

-- unless: SELECT 1 FROM pragma_table_info('users') WHERE name = 'phone'
ALTER TABLE users ADD COLUMN phone TEXT;

-- unless: SELECT 1 FROM pragma_table_info('users') WHERE name = 'stripe_metadata'
ALTER TABLE users ADD COLUMN stripe_metadata TEXT;

-- A host's STRICT table takes TEXT, any other the VARCHAR(255) of the design.
-- unless: SELECT 1 FROM pragma_table_info('users') WHERE name = 'stripe_customer_id' UNION ALL SELECT 1 FROM pragma_table_list('users') WHERE NOT strict
ALTER TABLE users ADD COLUMN stripe_customer_id TEXT CHECK (length(stripe_customer_id) <= 255);

-- unless: SELECT 1 FROM pragma_table_info('users') WHERE name = 'stripe_customer_id'
ALTER TABLE users ADD COLUMN stripe_customer_id VARCHAR(255) CHECK (length(stripe_customer_id) <= 255);

-- "It is not possible to add a column with a UNIQUE constraint" (https://www.sqlite.org/lang_altertable.html), hence
-- an index. NULLs differ from each other, so any number of users may be without a customer.
CREATE UNIQUE INDEX IF NOT EXISTS users_stripe_customer_id ON users (stripe_customer_id);

-- Addresses are looked up without regard to case. Not unique: a host's rows may already hold duplicates;
-- registerUser checks inside its transaction instead.
CREATE INDEX IF NOT EXISTS users_email_nocase ON users (email COLLATE NOCASE);
