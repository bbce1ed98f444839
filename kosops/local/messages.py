"""The message catalogues, brought up to what the source says.

    python -m kosops.local.messages        renew locale/*/LC_MESSAGES/django.po

GNU gettext is needed here and nowhere else. Messages are collected from a copy of the source,
because Django's collector writes beside the templates it reads, which others may be editing. The
catalogues hold no dates and no line numbers, so that they change only when a message does.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from kosops.local.state import BASE_DIR
from kosops.local.wheels import LocalError

# Folders without shown words; the gallery is for people who build pages and stays English.
LEFT_OUT = (
    *(".*", "__pycache__", "node_modules", "locale", "static", "staticfiles", "build", "dist"),
    *("assets", "bench", "deploy", "docs", "mutants", "requirements", "tests", "gallery*", "*.mo"),
)
HEADER = {
    "Project-Id-Version": "kosops",
    "MIME-Version": "1.0",
    "Content-Type": "text/plain; charset=UTF-8",
    "Content-Transfer-Encoding": "8bit",
}
# Neither language changes a word for number.
PLURAL_FORMS = "nplurals=1; plural=0;"


def can_collect() -> bool:
    """Whether GNU gettext is installed."""
    return shutil.which("xgettext") is not None


def collected(base: Path = BASE_DIR) -> Any:
    """Every message of the source, as a polib catalogue without translations."""
    import polib

    if not can_collect():
        raise LocalError("GNU gettext is needed: install the package gettext of your system.")
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, "source")
        shutil.copytree(base, copy, ignore=shutil.ignore_patterns(*LEFT_OUT))
        (copy / "locale").mkdir()
        command = [sys.executable, "-m", "django", "makemessages", "--locale=ja", "--keep-pot"]
        environment = {k: v for k, v in os.environ.items() if k != "DJANGO_SETTINGS_MODULE"}
        result = subprocess.run(
            [*command, "--add-location=file", "--no-wrap"],
            cwd=copy,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if result.returncode:
            raise LocalError(f"The messages cannot be collected:\n{result.stderr}")
        return polib.pofile(str(copy / "locale" / "django.pot"))


def renewed(template: Any, old: Any, language: str) -> Any:
    """The messages of the template in its order, with the translations that are known already."""
    import polib

    known = {(each.msgctxt, each.msgid): each for each in old if not each.obsolete}
    new = polib.POFile(wrapwidth=100)
    new.metadata = {"Language": language, **HEADER, "Plural-Forms": PLURAL_FORMS}
    for message in template:
        answer = known.get((message.msgctxt, message.msgid))
        entry = polib.POEntry(
            msgctxt=message.msgctxt,
            msgid=message.msgid,
            msgid_plural=message.msgid_plural,
            occurrences=[(name, "") for name, _line in message.occurrences],
            flags=[*message.flags, *(["fuzzy"] if answer is not None and answer.fuzzy else [])],
            comment=message.comment,
        )
        text = (answer.msgstr_plural.get(0, "") or answer.msgstr) if answer is not None else ""
        if message.msgid_plural:
            entry.msgstr_plural = {0: text}
        else:
            entry.msgstr = text
        new.append(entry)
    return new


def renew(base: Path = BASE_DIR) -> dict[str, int]:
    """Write each catalogue anew; return by language how many messages lack a translation."""
    import polib

    template = collected(base)
    missing = {}
    for path in sorted(base.glob("locale/*/LC_MESSAGES/django.po")):
        language = path.parent.parent.name
        catalogue = renewed(template, polib.pofile(str(path)), language)
        catalogue.save(str(path))
        missing[language] = len(catalogue.untranslated_entries())
    return missing


if __name__ == "__main__":
    try:
        for name, count in renew().items():
            print(f"{name}: {count} messages lack a translation")
    except LocalError as error:
        sys.exit(f"kosops: {error}")
