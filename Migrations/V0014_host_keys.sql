-- Every call that changes something and comes under a host's idempotency key has its line here, until it is forgotten. Of
-- key and params there are keyed hashes only: either may be made of personal data, and both are only compared. A line
-- without a method was written before: it has the plain key, or what an erasure made of it.
ALTER TABLE idempotent_calls ADD COLUMN method TEXT;
-- 1: what the call does has been done. 0: it was begun, and what came of it is not known here.
ALTER TABLE idempotent_calls ADD COLUMN done INTEGER NOT NULL DEFAULT 0 CHECK (done IN (0, 1));
-- The first answer, of a call whose answer is ids and words.
ALTER TABLE idempotent_calls ADD COLUMN answer TEXT CHECK (answer IS NULL OR json_valid(answer));
-- How often Stripe has saved a failure under the key: each time it needs another one.
ALTER TABLE idempotent_calls ADD COLUMN saved_failures INTEGER NOT NULL DEFAULT 0;
-- 1: the user or the customer was erased since, and is not named here any more.
ALTER TABLE idempotent_calls ADD COLUMN erased INTEGER NOT NULL DEFAULT 0 CHECK (erased IN (0, 1));

CREATE INDEX idempotent_calls_created ON idempotent_calls (created_at);

-- A call is about a life, not about an id: that is over with the row, whoever deletes it, and goes along when the id is
-- changed.
CREATE TRIGGER users_calls_ended AFTER DELETE ON users
BEGIN
    UPDATE idempotent_calls SET of_earlier_life = 1 WHERE user_id = CAST(old.id AS TEXT);
END;

CREATE TRIGGER users_calls_renamed AFTER UPDATE OF id ON users
WHEN CAST(old.id AS TEXT) IS NOT CAST(new.id AS TEXT)
BEGIN
    UPDATE idempotent_calls SET user_id = CAST(new.id AS TEXT)
    WHERE user_id = CAST(old.id AS TEXT) AND of_earlier_life = 0;
END;
