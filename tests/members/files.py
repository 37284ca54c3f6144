"""Files for the registers' imports, and how they are sent and confirmed."""

import csv
import io

from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import Workbook

ORGANISATIONS = "/admin/members/organisation/importer/"
PEOPLE = "/admin/members/user/importer/"
# Invented but valid numbers.
SIREN, OTHER_SIREN = "732829320", "404833048"


def as_csv(*rows, delimiter=";", encoding="utf-8"):
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows(rows)
    return out.getvalue().encode(encoding)


def as_xlsx(*rows):
    book = Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def upload(client, url, content, name="registre.csv"):
    return client.post(url, {"file": SimpleUploadedFile(name, content)})


def confirm(client, url, shown, **changed):
    form = shown.context["form"]
    return client.post(url, {**form.initial, "reason": "Liste 2026", "confirm": "1", **changed})


def errors_of(response):
    assert response.status_code == 422
    return [(error.line, error.column) for error in response.context["wrong"]["errors"]]


HEADER = ("nom", "type", "siren", "commune", "secteurs")
GOOD = (
    HEADER,
    ("Bulane", "pme", SIREN, "Montpellier", "Énergie, numerique"),
    ("Vertuo", "Startup", "", "", ""),
)


PEOPLE_HEADER = ("e-mail", "prénom", "nom", "fonction", "organisation", "instance", "rôle", "du", "au")


def person_row(**cells):
    row = {
        "email": "Zoe@Example.org",
        "prenom": "Zoé",
        "nom": "Martin",
        "fonction": "",
        "organisation": "Bulane",
        "instance": "conseil",
        "role": "titular",
        "du": "01/10/2019",
        "au": "",
    } | cells
    return tuple(row.values())
