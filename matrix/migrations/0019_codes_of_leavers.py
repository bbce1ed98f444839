"""Share codes of those who left end with their last day, as those of later leavers will."""

from django.db import migrations
from django.db.models import F


def end_codes(apps, schema_editor):
    creators = apps.get_model("matrix", "Creator").objects
    creators.filter(state="left", left_on__isnull=False).update(share_code_until=F("left_on"))


class Migration(migrations.Migration):
    dependencies = [("matrix", "0018_handover")]

    # Taken back, the codes work again without an end.
    operations = [migrations.RunPython(end_codes, migrations.RunPython.noop)]
