"""The stacking tree keeps every state it had, so that an order can be evaluated as it was."""

from django.db import migrations, models

# A trigger writes it: bulk changes and raw SQL are seen, too. A statement, not a row, so that an
# edit of many rows is one state.
FORWARD = """
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
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON promotions_stackingrevision
    FOR EACH ROW EXECUTE FUNCTION promotions_refuse_stacking();
"""
REFUSE = """
CREATE FUNCTION promotions_refuse_stacking() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'states of the stacking tree are append-only'
        USING ERRCODE = 'restrict_violation';
END $$;
"""
# What the tree says today is its first known state.
FIRST = """
INSERT INTO promotions_stackingrevision (at, snapshot)
SELECT clock_timestamp(), jsonb_build_object(
    'groups', coalesce((SELECT jsonb_agg(to_jsonb(g) ORDER BY g.id)
                        FROM promotions_stackinggroup g), '[]'::jsonb),
    'categories', coalesce((SELECT jsonb_agg(to_jsonb(c) ORDER BY c.id)
                            FROM promotions_stackingcategory c), '[]'::jsonb))
WHERE EXISTS (SELECT 1 FROM promotions_stackinggroup)
   OR EXISTS (SELECT 1 FROM promotions_stackingcategory);
"""
BACKWARD = """
DROP TRIGGER append_only ON promotions_stackingrevision;
DROP TRIGGER stackingcategory_is_kept ON promotions_stackingcategory;
DROP TRIGGER stackinggroup_is_kept ON promotions_stackinggroup;
DROP FUNCTION promotions_keep_stacking();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("promotions", "0021_what_gifts_cost"),
    ]

    operations = [
        migrations.CreateModel(
            name="StackingRevision",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("snapshot", models.JSONField()),
                ("at", models.DateTimeField(db_index=True)),
            ],
            options={"ordering": ["at", "id"]},
        ),
        migrations.RunSQL(REFUSE, "DROP FUNCTION promotions_refuse_stacking();"),
        migrations.RunSQL(FIRST, migrations.RunSQL.noop),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
