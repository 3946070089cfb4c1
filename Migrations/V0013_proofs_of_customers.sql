-- The address that the host vouches for, to the letter: a customer of it may be adopted while both the create and the
-- user's row have this very address. It takes the place of email_verified, which said of no address that it was meant.
-- Emptied with the fields when the intent is settled, since it is personal data.
ALTER TABLE create_intents ADD COLUMN vouched_email TEXT;

UPDATE create_intents SET vouched_email = json_extract(fields, '$.email')
WHERE email_verified = 1 AND state = 'pending';

-- When Stripe was first asked for what came of a create that nobody wants any more, and knew of nothing: only a second look
-- some time later says that nothing came of it.
ALTER TABLE create_intents ADD COLUMN missed_at INTEGER;

-- Customers that a host kept when their user was deleted. They name its id still, so a look-up must not give them to a later
-- holder of the id.
CREATE TABLE kept_customers (
    customer_id TEXT NOT NULL PRIMARY KEY,
    kept_at     INTEGER NOT NULL
);
