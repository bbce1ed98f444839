"""What the counts of imports mean."""

from django.utils.translation import gettext_lazy as _

IMPORTS = {
    "import_new": _("Rows that brought something that was not known before."),
    "import_changed": _("Rows that changed something known."),
    "import_faulty": _("Rows that were left out because something in them is wrong."),
    "import_ambiguous": _("Rows that fit more than one person or post; somebody has to decide."),
}
