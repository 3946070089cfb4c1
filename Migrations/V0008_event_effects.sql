-- What an event did when it was taken in, and to whom: told again when it comes once more, since the first answer may never
-- have reached the host. NULL for those that were taken in before.
ALTER TABLE stripe_events ADD COLUMN effect TEXT;
ALTER TABLE stripe_events ADD COLUMN user_id TEXT;
