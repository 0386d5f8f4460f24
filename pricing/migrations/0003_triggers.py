"""Triggers of prices: what was quoted, recorded and drawn is append-only."""

from django.db import migrations

# The ledger of public prices is append-only.
KEEP_LEDGER = """
CREATE FUNCTION pricing_keep_ledger() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the price ledger is append-only' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON pricing_priceledgerentry
    FOR EACH ROW EXECUTE FUNCTION pricing_keep_ledger();
"""

# A quote may be changed in two ways only. Forgetting: the shopper is taken out, nothing else moves.
# Completing: a quote stored from its signed token alone gets the record that came by the stream;
# what the token promised stays.
KEEP_QUOTES = """
CREATE FUNCTION pricing_keep_quote() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    was jsonb := to_jsonb(OLD);
    becomes jsonb := to_jsonb(NEW);
    promised text[] := ARRAY[
        'reasons', 'counterfactuals', 'features', 'inputs', 'candidates', 'guard_actions',
        'is_complete', 'shopper_id', 'purpose', 'propensity', 'segment', 'rung_minors',
        'rung_probabilities', 'stock', 'competitor_minor'
    ];
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF NEW.shopper_id IS NULL AND was - 'shopper_id' = becomes - 'shopper_id' THEN
            RETURN NEW;
        END IF;
        IF NOT OLD.is_complete AND NEW.is_complete AND was - promised = becomes - promised THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'quotes are append-only' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON pricing_quote
    FOR EACH ROW EXECUTE FUNCTION pricing_keep_quote();
"""

# A count may grow, and nothing else may happen to it.
KEEP_LOOKS = """
CREATE FUNCTION pricing_keep_look() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.looks > OLD.looks
        AND to_jsonb(OLD) - 'looks' = to_jsonb(NEW) - 'looks' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'counts of looks only grow' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON pricing_publiclook
    FOR EACH ROW EXECUTE FUNCTION pricing_keep_look();

CREATE FUNCTION pricing_keep_look_set() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.pages > OLD.pages
        AND to_jsonb(OLD) - 'pages' = to_jsonb(NEW) - 'pages' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'counts of pages only grow' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON pricing_publiclookset
    FOR EACH ROW EXECUTE FUNCTION pricing_keep_look_set();
"""

# What a week's draw could have been and the share of a ramp's step are never changed.
KEEP_SHARES = """
CREATE FUNCTION pricing_keep_shares() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the shares that lots were drawn by are never changed';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON pricing_shockdraw
    FOR EACH ROW EXECUTE FUNCTION pricing_keep_shares();
-- What a step was judged by is written while it lasts.
CREATE TRIGGER append_only BEFORE UPDATE ON pricing_rampstep
    FOR EACH ROW WHEN (
        NEW.share <> OLD.share OR NEW.at <> OLD.at OR NEW.ramp_id <> OLD.ramp_id
    ) EXECUTE FUNCTION pricing_keep_shares();
"""


class Migration(migrations.Migration):
    dependencies = [("pricing", "0002_partitions")]
    operations = [
        migrations.RunSQL(KEEP_LEDGER),
        migrations.RunSQL(KEEP_QUOTES),
        migrations.RunSQL(KEEP_LOOKS),
        migrations.RunSQL(KEEP_SHARES),
    ]
