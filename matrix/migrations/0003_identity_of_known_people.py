"""Whoever is on the lists so far came by the lists of HR and of the member centre."""

from django.db import migrations
from django.db.models import Case, OuterRef, Subquery, Value, When


def note_proofs(apps, schema_editor):
    Creator = apps.get_model("matrix", "Creator")
    SocialAccount = apps.get_model("matrix", "SocialAccount")
    Creator.objects.filter(identity="").update(
        identity=Case(When(kind="kos", then=Value("staff_record")), default=Value("member_record"))
    )
    accounts = SocialAccount.objects.filter(owner_proof="")
    accounts.filter(creator=None).update(owner_proof="company")
    owner = Creator.objects.filter(pk=OuterRef("creator")).values("identity")
    accounts.exclude(creator=None).update(owner_proof=Subquery(owner))


class Migration(migrations.Migration):
    dependencies = [("matrix", "0002_programme_badges_identity")]

    operations = [migrations.RunPython(note_proofs, migrations.RunPython.noop)]
