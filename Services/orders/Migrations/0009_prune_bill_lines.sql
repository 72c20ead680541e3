-- Lines of bills are kept for a while; what was found in them stays. A day whose lines went is not fetched or compared
-- any more.
ALTER TABLE reconciliations ADD COLUMN pruned_at timestamptz; -- null: its lines are all here
CREATE INDEX reconciliations_to_prune ON reconciliations (day) WHERE pruned_at IS NULL;
