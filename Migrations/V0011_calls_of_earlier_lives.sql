-- 1: the user whom the call is about is another one by now, registered anew under the same id; a registration that comes
-- again is not to answer with that one. A call about a user who was erased has no user and no customer: its key and its
-- hash are keyed hashes then, which say only that the same call has come before.
ALTER TABLE idempotent_calls ADD COLUMN of_earlier_life INTEGER NOT NULL DEFAULT 0 CHECK (of_earlier_life IN (0, 1));

-- Each registration, deletion and erasure asks for the calls about one user, an erasure for those of its customers too.
CREATE INDEX idempotent_calls_user ON idempotent_calls (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX idempotent_calls_customer ON idempotent_calls (customer_id) WHERE customer_id IS NOT NULL;
