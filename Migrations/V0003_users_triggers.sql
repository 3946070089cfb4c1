-- The queue is part of the user's change: whoever writes to users, this program or another, writes the outbox in the
-- same transaction. Ids are compared as text, since a host's ids may be integers.

CREATE TRIGGER users_inserted AFTER INSERT ON users
BEGIN
    -- INSERT OR REPLACE deletes a row without its delete trigger ("delete triggers fire if and only if recursive triggers
    -- are enabled": https://www.sqlite.org/lang_conflict.html). What is left in synced_profiles says that this is the
    -- same user, and which customer it has.
    UPDATE users SET stripe_customer_id = (
        SELECT customer_id FROM synced_profiles WHERE user_id = CAST(new.id AS TEXT)
            AND NOT EXISTS (SELECT 1 FROM users WHERE stripe_customer_id = customer_id))
    WHERE id = new.id AND stripe_customer_id IS NULL
        AND EXISTS (SELECT 1 FROM synced_profiles WHERE user_id = CAST(new.id AS TEXT));
    INSERT INTO sync_queue (user_id, change_id, enqueued_at)
    VALUES (CAST(new.id AS TEXT), lower(hex(randomblob(16))), CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER))
    ON CONFLICT (user_id) DO UPDATE SET
        change_id = excluded.change_id, enqueued_at = excluded.enqueued_at,
        attempts = 0, not_before = 0, parked = 0, error_type = NULL, error = NULL;
END;

CREATE TRIGGER users_profile_updated AFTER UPDATE OF email, name, phone, stripe_metadata ON users
WHEN old.email IS NOT new.email OR old.name IS NOT new.name OR old.phone IS NOT new.phone
    OR old.stripe_metadata IS NOT new.stripe_metadata
BEGIN
    INSERT INTO sync_queue (user_id, change_id, enqueued_at)
    VALUES (CAST(new.id AS TEXT), lower(hex(randomblob(16))), CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER))
    ON CONFLICT (user_id) DO UPDATE SET
        change_id = excluded.change_id, attempts = 0, not_before = 0, parked = 0, error_type = NULL, error = NULL;
END;

-- A link to another customer has another last synced state: none.
CREATE TRIGGER users_link_updated AFTER UPDATE OF stripe_customer_id ON users
WHEN old.stripe_customer_id IS NOT new.stripe_customer_id
BEGIN
    DELETE FROM synced_profiles
    WHERE user_id = CAST(new.id AS TEXT) AND customer_id IS NOT new.stripe_customer_id;
END;

-- A renamed user takes along what is known of it; its new id has to reach the customer's metadata.
CREATE TRIGGER users_id_updated AFTER UPDATE OF id ON users
WHEN CAST(old.id AS TEXT) IS NOT CAST(new.id AS TEXT)
BEGIN
    UPDATE synced_profiles SET user_id = CAST(new.id AS TEXT) WHERE user_id = CAST(old.id AS TEXT);
    UPDATE create_intents SET user_id = CAST(new.id AS TEXT) WHERE user_id = CAST(old.id AS TEXT);
    DELETE FROM sync_queue WHERE user_id = CAST(old.id AS TEXT);
    INSERT INTO sync_queue (user_id, change_id, enqueued_at)
    VALUES (CAST(new.id AS TEXT), lower(hex(randomblob(16))), CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER))
    ON CONFLICT (user_id) DO UPDATE SET
        change_id = excluded.change_id, attempts = 0, not_before = 0, parked = 0, error_type = NULL, error = NULL;
END;

-- A deleted user's customer is archived unless the caller chooses otherwise in the same transaction. A create that is
-- still under way is noted too, so that its customer does not stay behind.
CREATE TRIGGER users_deleted AFTER DELETE ON users
BEGIN
    DELETE FROM sync_queue WHERE user_id = CAST(old.id AS TEXT);
    DELETE FROM synced_profiles WHERE user_id = CAST(old.id AS TEXT);
    INSERT INTO disposals (customer_id, user_id, action, idempotency_key, requested_at)
    SELECT old.stripe_customer_id, CAST(old.id AS TEXT), 'archive', lower(hex(randomblob(16))),
        CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)
    WHERE old.stripe_customer_id IS NOT NULL
    ON CONFLICT (customer_id) DO NOTHING;
    UPDATE create_intents SET disposal = 'archive' WHERE user_id = CAST(old.id AS TEXT) AND state = 'pending';
    INSERT INTO sync_queue (user_id, change_id, enqueued_at)
    SELECT CAST(old.id AS TEXT), lower(hex(randomblob(16))),
        CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)
    WHERE EXISTS (SELECT 1 FROM create_intents WHERE user_id = CAST(old.id AS TEXT) AND state = 'pending')
    ON CONFLICT (user_id) DO NOTHING;
END;
