-- The mark of the application: whose a customer is. What its name is stands in `settings` (`app`).

-- Of a listed customer whether the user whom it names may have it: 'sure' by the mark or by its address, 'open' when nothing
-- shows it, 'anothers' when it carries another application's mark.
ALTER TABLE reconcile_customers ADD COLUMN claim TEXT NOT NULL DEFAULT 'sure' CHECK (claim IN ('sure', 'open', 'anothers'));

-- archived_customers has from here on every customer that was archived and is in nobody's use: with a link it is not synced,
-- without one it is not adopted by a look-up. Those that an older version archived carry a mark at Stripe (`archived_at`)
-- that counts no more, since a host may have metadata of that name; they are known by the audit log.
INSERT INTO archived_customers (customer_id, archived_at)
SELECT customer_id, max(at) FROM audit_events AS archived
WHERE customer_id IS NOT NULL AND outcome = 'ok' AND json_extract(details, '$.change') = 'customer.archived'
    AND NOT EXISTS (SELECT 1 FROM users WHERE stripe_customer_id = archived.customer_id)
    AND NOT EXISTS (
        SELECT 1 FROM audit_events AS later
        WHERE later.customer_id = archived.customer_id AND later.sequence > archived.sequence
            AND json_extract(later.details, '$.change') IN ('customer.restored', 'customer.deleted'))
GROUP BY customer_id
ON CONFLICT (customer_id) DO NOTHING;
