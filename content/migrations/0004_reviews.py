"""Posts that a second person reviews, and the reviews (K21).

- A post that comes in waits for a review where its brand is in a regulated trade since before it was
  published, or where its account is there for recruiting.
- Its state follows from its reviews and cannot be set by hand. Reviews are append-only.
- Neither the author nor the owner or holder of the account reviews a post.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q

from kosops.lib.guards import append_only

ASKED = """
CREATE FUNCTION content_post_asks_review() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM added WHERE review <> '') THEN
        RAISE EXCEPTION 'the state of a review follows from its reviews' USING ERRCODE = '23514';
    END IF;
    UPDATE content_post AS post SET review = 'waits'
      FROM added
      JOIN matrix_socialaccount account ON account.id = added.account_id
      LEFT JOIN matrix_brandtrade trade ON trade.brand_id = added.brand_id
     WHERE post.id = added.id
       AND (account.purpose = 'recruiting' OR added.published_at >= trade.regulated_from);
    RETURN NULL;
END $$;
CREATE TRIGGER kosops_review_asked AFTER INSERT ON content_post REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION content_post_asks_review();

CREATE FUNCTION content_post_review_by_hand() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the state of a review follows from its reviews' USING ERRCODE = '23514';
END $$;
-- Below another trigger it is one of ours that sets it.
CREATE TRIGGER kosops_review_by_hand BEFORE UPDATE OF review ON content_post FOR EACH ROW
    WHEN (NEW.review IS DISTINCT FROM OLD.review AND pg_trigger_depth() = 0)
    EXECUTE FUNCTION content_post_review_by_hand();
"""
ASKED_BACK = """
DROP TRIGGER kosops_review_by_hand ON content_post;
DROP FUNCTION content_post_review_by_hand();
DROP TRIGGER kosops_review_asked ON content_post;
DROP FUNCTION content_post_asks_review();
"""

REVIEWED = """
CREATE FUNCTION content_review_checked() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    standing text;
BEGIN
    SELECT review INTO standing FROM content_post WHERE id = NEW.post_id FOR NO KEY UPDATE;
    IF standing = '' THEN
        RAISE EXCEPTION 'no review of post % is asked for', NEW.post_id USING ERRCODE = '23514';
    END IF;
    IF NEW.outcome = 'corrected' THEN
        IF standing <> 'problem' THEN
            RAISE EXCEPTION 'nothing in post % is to be corrected', NEW.post_id
                USING ERRCODE = '23514';
        END IF;
    ELSIF EXISTS (
        SELECT 1 FROM content_post post
          JOIN matrix_socialaccount account ON account.id = post.account_id
          LEFT JOIN matrix_creator author ON author.id = post.creator_id
          LEFT JOIN matrix_creator owner ON owner.id = account.creator_id
          LEFT JOIN matrix_custody held ON held.account_id = account.id AND held.until IS NULL
          LEFT JOIN matrix_creator holder ON holder.id = held.creator_id
         WHERE post.id = NEW.post_id
           AND NEW.by_id IN (author.person_id, owner.person_id, held.person_id, holder.person_id)
    ) THEN
        RAISE EXCEPTION 'a second person reviews post %', NEW.post_id
            USING ERRCODE = '23514', CONSTRAINT = 'post_review_by_second';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER kosops_review_checked BEFORE INSERT ON content_postreview
    FOR EACH ROW EXECUTE FUNCTION content_review_checked();

CREATE FUNCTION content_review_counts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE content_post
       SET review = CASE NEW.outcome WHEN 'corrected' THEN 'waits' ELSE NEW.outcome END
     WHERE id = NEW.post_id;
    RETURN NULL;
END $$;
CREATE TRIGGER kosops_review_counts AFTER INSERT ON content_postreview
    FOR EACH ROW EXECUTE FUNCTION content_review_counts();
"""
REVIEWED_BACK = """
DROP TRIGGER kosops_review_counts ON content_postreview;
DROP TRIGGER kosops_review_checked ON content_postreview;
DROP FUNCTION content_review_counts();
DROP FUNCTION content_review_checked();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('content', '0003_places'),
        ('matrix', '0007_regulated_from'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='post',
            name='review',
            field=models.CharField(blank=True, choices=[('', 'Not asked for'), ('waits', 'In review'), ('problem', 'Problem found'), ('clear', 'Reviewed')], db_default='', default='', editable=False, max_length=7),
        ),
        migrations.AddIndex(
            model_name='post',
            index=models.Index(condition=Q(('review', ''), _negated=True), fields=['review', 'published_at', 'id'], name='post_by_review'),
        ),
        migrations.CreateModel(
            name='PostReview',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('outcome', models.CharField(choices=[('clear', 'Nothing to object to'), ('problem', 'Problem found'), ('corrected', 'Corrected by the author')], max_length=9)),
                ('asked', models.JSONField(default=list)),
                ('findings', models.JSONField(default=list)),
                ('note', models.CharField(blank=True, max_length=300)),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('post', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='reviews', to='content.post')),
            ],
            options={
                'verbose_name': 'review of a post',
                'verbose_name_plural': 'reviews of posts',
                'indexes': [models.Index(fields=['post', '-id'], name='post_review_latest')],
                'constraints': [models.CheckConstraint(condition=Q(Q(('outcome', 'problem'), Q(('findings', []), _negated=True)), Q(Q(('outcome', 'problem'), _negated=True), ('findings', [])), _connector='OR'), name='post_review_problem_named')],
            },
        ),
        *append_only('content_postreview'),
        migrations.RunSQL(ASKED, ASKED_BACK),
        migrations.RunSQL(REVIEWED, REVIEWED_BACK),
    ]
