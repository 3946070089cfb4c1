-- A registration under an idempotency key of the host's: the user that came of it. It is in the same transaction as the
-- user, so unlike a customer it is never unknown.
ALTER TABLE idempotent_calls ADD COLUMN user_id TEXT;
