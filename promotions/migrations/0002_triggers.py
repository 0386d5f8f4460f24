"""Triggers of promotions: offers have a version, budgets raise alerts, ledgers are append-only."""

from django.db import migrations

# One counter tells every process that its compiled offers are old.
RAISE_VERSION = """
CREATE FUNCTION promotions_raise_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Never a number seen before, even after the tables were emptied: caches compare it.
    INSERT INTO promotions_offerbook AS known (id, version)
    VALUES (1, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint)
    ON CONFLICT (id) DO UPDATE SET version = greatest(known.version + 1, excluded.version);
    RETURN NULL;
END $$;

-- Redemptions raise `spent_minor` with every order: that alone must not throw away what processes
-- compiled, so this trigger names the columns an offer is made of.
CREATE TRIGGER campaign_changes_offers
    AFTER INSERT OR DELETE
       OR UPDATE OF code, name, name_zh, audience, status, market_code, starts_at, ends_at,
                    budget_minor, revision, claims, holdout_percent
    ON promotions_campaign FOR EACH STATEMENT EXECUTE FUNCTION promotions_raise_version();
CREATE TRIGGER offer_changes_offers
    AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON promotions_offer
    FOR EACH STATEMENT EXECUTE FUNCTION promotions_raise_version();
CREATE TRIGGER offervariant_changes_offers
    AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON promotions_offervariant
    FOR EACH STATEMENT EXECUTE FUNCTION promotions_raise_version();
-- A limit counts as soon as it is set, lowered or switched off.
CREATE TRIGGER uselimit_changes_offers
    AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON promotions_uselimit
    FOR EACH STATEMENT EXECUTE FUNCTION promotions_raise_version();
-- A group or category says which of its offers combine.
CREATE TRIGGER stackinggroup_changes_offers
    AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON promotions_stackinggroup
    FOR EACH STATEMENT EXECUTE FUNCTION promotions_raise_version();
CREATE TRIGGER stackingcategory_changes_offers
    AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON promotions_stackingcategory
    FOR EACH STATEMENT EXECUTE FUNCTION promotions_raise_version();
-- `changed_at` moves with every lever; only the weight orders offers.
CREATE TRIGGER tuning_changes_offers
    AFTER INSERT OR DELETE OR UPDATE OF exposure_weight
    ON promotions_campaigntuning FOR EACH STATEMENT EXECUTE FUNCTION promotions_raise_version();
-- Carts keep to the cap of the law.
CREATE TRIGGER law_changes_offers
    AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON promotions_promotionlaw
    FOR EACH STATEMENT EXECUTE FUNCTION promotions_raise_version();
"""

# The transaction that spends writes the alert, on the row it holds: whoever crosses a share first
# writes it, and one that is rolled back takes its alert along.
RAISE_ALERTS = """
CREATE FUNCTION promotions_raise_alert() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO promotions_budgetalert (campaign_id, percent, budget_minor, spent_minor, at)
    SELECT NEW.id, share, NEW.budget_minor, NEW.spent_minor, clock_timestamp()
    FROM unnest(ARRAY[50, 80, 100]) AS share
    WHERE NEW.spent_minor * 100 >= share * NEW.budget_minor
      AND NOT (OLD.budget_minor IS NOT DISTINCT FROM NEW.budget_minor
               AND OLD.spent_minor * 100 >= share * OLD.budget_minor)
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER budget_alert AFTER UPDATE OF spent_minor, budget_minor ON promotions_campaign
    FOR EACH ROW WHEN (NEW.budget_minor > 0 AND NEW.spent_minor * 2 >= NEW.budget_minor)
    EXECUTE FUNCTION promotions_raise_alert();
"""

# Versions and steps of campaigns are append-only.
KEEP_TRAIL = """
CREATE FUNCTION promotions_keep_trail() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- The account may be forgotten; what was done and when stays.
    IF TG_OP = 'UPDATE' AND NEW.by_id IS NULL
       AND to_jsonb(OLD) - 'by_id' = to_jsonb(NEW) - 'by_id' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'versions and steps of campaigns are append-only'
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON promotions_campaignrevision
    FOR EACH ROW EXECUTE FUNCTION promotions_keep_trail();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON promotions_campaignevent
    FOR EACH ROW EXECUTE FUNCTION promotions_keep_trail();
"""

# Every state of the stacking tree is kept, so that an order can be evaluated as it was. One state
# for each statement: an edit of many rows is one. Bulk changes and raw SQL are seen, too.
KEEP_STACKING = """
CREATE FUNCTION promotions_keep_stacking() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO promotions_stackingrevision (at, snapshot)
    SELECT clock_timestamp(), jsonb_build_object(
        'groups', coalesce((SELECT jsonb_agg(to_jsonb(g) ORDER BY g.id)
                            FROM promotions_stackinggroup g), '[]'::jsonb),
        'categories', coalesce((SELECT jsonb_agg(to_jsonb(c) ORDER BY c.id)
                                FROM promotions_stackingcategory c), '[]'::jsonb));
    RETURN NULL;
END $$;
CREATE TRIGGER stackinggroup_is_kept
    AFTER INSERT OR UPDATE OR DELETE ON promotions_stackinggroup
    FOR EACH STATEMENT EXECUTE FUNCTION promotions_keep_stacking();
CREATE TRIGGER stackingcategory_is_kept
    AFTER INSERT OR UPDATE OR DELETE ON promotions_stackingcategory
    FOR EACH STATEMENT EXECUTE FUNCTION promotions_keep_stacking();

CREATE FUNCTION promotions_refuse_stacking() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'states of the stacking tree are append-only'
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON promotions_stackingrevision
    FOR EACH ROW EXECUTE FUNCTION promotions_refuse_stacking();
"""

# Ledgers that nobody rewrites: points, acts of tills, partners' entries, closed settlements.
KEEP_LEDGERS = """
CREATE FUNCTION promotions_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON promotions_pointsentry
    FOR EACH ROW EXECUTE FUNCTION promotions_refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON promotions_tillact
    FOR EACH ROW EXECUTE FUNCTION promotions_refuse_change();
-- Who closed a settlement may leave the company: the name goes, the figures stay.
CREATE TRIGGER append_only BEFORE DELETE
    OR UPDATE OF partner_id, starts_on, ends_on, used_minor, returned_minor, corrected_minor,
                 due_minor, entry_count, closed_at
    ON promotions_settlement FOR EACH ROW EXECUTE FUNCTION promotions_refuse_change();
CREATE TRIGGER append_only BEFORE DELETE
    OR UPDATE OF share_id, kind, order_ref, line, product_id, quantity, discount_minor,
                 partner_minor, note, key, at
    ON promotions_partnerentry FOR EACH ROW EXECUTE FUNCTION promotions_refuse_change();
CREATE TRIGGER settled_once BEFORE UPDATE OF settlement_id ON promotions_partnerentry
    FOR EACH ROW WHEN (OLD.settlement_id IS NOT NULL)
    EXECUTE FUNCTION promotions_refuse_change();
"""

# Decisions of the allocator are append-only; only whose they were may be forgotten.
KEEP_DECISIONS = """
CREATE FUNCTION promotions_keep_decision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.shopper_id IS NULL
       AND to_jsonb(OLD) - 'shopper_id' = to_jsonb(NEW) - 'shopper_id' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'decisions about offers are append-only'
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON promotions_offerdecision
    FOR EACH ROW EXECUTE FUNCTION promotions_keep_decision();
"""

# Who is in which arm of a campaign never changes: its salt and shares stand.
KEEP_SHARES = """
CREATE FUNCTION promotions_keep_shares() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the salt and the shares that arms were drawn by are never changed';
END $$;
-- How many explore may change: a decision keeps the share of its moment.
CREATE TRIGGER keep_shares BEFORE UPDATE ON promotions_allocationplan
    FOR EACH ROW WHEN (
        NEW.salt <> OLD.salt
        OR NEW.control_share <> OLD.control_share
        OR NEW.depth_share <> OLD.depth_share
    ) EXECUTE FUNCTION promotions_keep_shares();
"""


class Migration(migrations.Migration):
    dependencies = [("promotions", "0001_tables")]
    operations = [
        migrations.RunSQL(RAISE_VERSION),
        migrations.RunSQL(RAISE_ALERTS),
        migrations.RunSQL(KEEP_TRAIL),
        migrations.RunSQL(KEEP_STACKING),
        migrations.RunSQL(KEEP_LEDGERS),
        migrations.RunSQL(KEEP_DECISIONS),
        migrations.RunSQL(KEEP_SHARES),
    ]
