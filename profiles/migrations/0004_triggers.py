"""Triggers of shoppers' data: what was consented to and what was recorded is never changed."""

from django.db import migrations

# The consent log is append-only.
KEEP_CONSENT = """
CREATE FUNCTION profiles_keep_consent() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Only the retention job may delete, and only what the law no longer needs kept.
    IF TG_OP = 'DELETE' AND current_setting('fairtag.retention', true) = 'on' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'the consent log is append-only' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON profiles_consentrecord
    FOR EACH ROW EXECUTE FUNCTION profiles_keep_consent();
"""

# Records of experiments are never changed, and what was registered stands from the start on.
KEEP_EXPERIMENTS = """
CREATE FUNCTION profiles_keep_experiments() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what was recorded of an experiment is never changed';
END $$;

-- An erased shopper's exposures are deleted, never changed.
CREATE TRIGGER append_only BEFORE UPDATE ON profiles_exposure
    FOR EACH ROW EXECUTE FUNCTION profiles_keep_experiments();
CREATE TRIGGER append_only BEFORE UPDATE ON profiles_experimentshares
    FOR EACH ROW EXECUTE FUNCTION profiles_keep_experiments();
CREATE TRIGGER append_only BEFORE UPDATE ON profiles_experimentdeviation
    FOR EACH ROW EXECUTE FUNCTION profiles_keep_experiments();

CREATE TRIGGER keep_registration BEFORE UPDATE ON profiles_experiment
    FOR EACH ROW WHEN (
        OLD.state <> 'draft' AND (
            NEW.registration IS DISTINCT FROM OLD.registration
            OR NEW.registration_sha256 <> OLD.registration_sha256
            OR NEW.salt <> OLD.salt
            OR NEW.started_at IS DISTINCT FROM OLD.started_at
            OR NEW.state = 'draft'
        )
    ) EXECUTE FUNCTION profiles_keep_experiments();
"""


class Migration(migrations.Migration):
    dependencies = [("profiles", "0003_partitions")]
    operations = [
        migrations.RunSQL(KEEP_CONSENT),
        migrations.RunSQL(KEEP_EXPERIMENTS),
    ]
