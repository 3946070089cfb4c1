-- A customer that goes over to another user is taken out of the intents of all others, with each link: without an index
-- every registration would read all of them.
CREATE INDEX create_intents_customer ON create_intents (customer_id);
