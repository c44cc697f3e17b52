"""What django-import-export makes of a list: run with a Python of its own, it prints the seconds of one whole upload.

`python peer.py URL FILE`: its own preview (a dry run with differences), then the import in bulk mode. It knows nothing
of the house and is no part of it.
"""
# mypy: ignore-errors
# (what it imports is only in that other Python)

import json
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import django
from django.conf import settings

at = urlsplit(sys.argv[1])
place = {"NAME": at.path[1:], "USER": at.username, "PASSWORD": at.password, "HOST": at.hostname, "PORT": at.port}
settings.configure(
    INSTALLED_APPS=["import_export"],
    DATABASES={"default": {"ENGINE": "django.db.backends.postgresql"} | place},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    USE_TZ=True,
)
django.setup()

import tablib  # noqa: E402 Django wants to be set up first
from django.db import connection, models  # noqa: E402
from import_export import fields, resources, widgets  # noqa: E402
from import_export.instance_loaders import CachedInstanceLoader  # noqa: E402

HEADERS = {
    "internet_no": "Nomor Internet", "name": "Nama", "address": "Alamat", "phone": "No HP", "sto": "STO",
    "datel": "Datel", "product": "Produk", "amount": "Tagihan", "months": "Lama Tunggakan", "age": "Umur Customer",
    "segment": "Segmen", "collector": "Petugas", "status": "Status Bayar", "paid_on": "Tgl Paid", "note": "Catatan",
}  # fmt: skip
NUMBERS = {"amount": models.BigIntegerField, "months": models.SmallIntegerField, "age": models.SmallIntegerField}


def _column(name: str) -> models.Field:
    if name in NUMBERS:
        return NUMBERS[name](null=True)
    if name == "paid_on":
        return models.DateField(null=True)
    return models.CharField(max_length=12, unique=True) if name == "internet_no" else models.TextField(default="")


def _widget(name: str) -> widgets.Widget:
    if name in NUMBERS:
        return widgets.IntegerWidget()
    return widgets.DateWidget() if name == "paid_on" else widgets.CharWidget()


meta = type("Meta", (), {"app_label": "import_export", "db_table": "peer_account"})
Account = type("Account", (models.Model,), {"__module__": __name__, "Meta": meta} | {n: _column(n) for n in HEADERS})
told = {
    "model": Account, "import_id_fields": ("internet_no",), "instance_loader_class": CachedInstanceLoader,
    "use_bulk": True, "batch_size": 1000, "skip_unchanged": True, "report_skipped": False, "use_transactions": True,
}  # fmt: skip
Accounts = type(
    "Accounts",
    (resources.ModelResource,),
    {"Meta": type("Meta", (), told)}
    | {name: fields.Field(name, header, _widget(name)) for name, header in HEADERS.items()},
)

with connection.schema_editor() as editor:
    editor.create_model(Account)
try:
    content = Path(sys.argv[2]).read_text()
    began = time.perf_counter()
    rows = tablib.Dataset().load(content, format="csv", delimiter=";")
    shown = Accounts().import_data(rows, dry_run=True, raise_errors=True)
    looked = time.perf_counter()
    done = Accounts().import_data(rows, raise_errors=True)
    ended = time.perf_counter()
    assert done.totals["new"] == shown.totals["new"] == len(rows) == Account.objects.count()
    sys.stdout.write(json.dumps({"rows": len(rows), "preview": looked - began, "import": ended - looked}))
finally:
    with connection.schema_editor() as editor:
        editor.delete_model(Account)
