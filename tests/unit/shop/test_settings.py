"""What the defaults promise."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

from django.core.files.base import ContentFile
from django.core.mail import get_connection
from django.utils.module_loading import import_string
from pytest_django import Settings
from whitenoise import WhiteNoise


def test_a_mail_server_that_hangs_is_given_up() -> None:
    """Letters are sent under the order's lock."""
    connection = get_connection("django.core.mail.backends.smtp.EmailBackend")
    assert connection.timeout == 10  # type: ignore[attr-defined]  # of the SMTP backend


def test_static_files_are_kept_short_and_compressed(tmp_path: Path, settings: Settings) -> None:
    """As the demo and production collect them: the web server sends what lies beside the file."""
    (tmp_path / "in/css").mkdir(parents=True)
    (tmp_path / "in/css/shop.css").write_text("/* note */\nbody {\n  color: green;\n}\n" * 200)
    settings.STATICFILES_DIRS = [tmp_path / "in"]
    environment = {key: text for key, text in os.environ.items() if key != "STATIC_STORAGE"}
    told = subprocess.run(
        [sys.executable, "-c", "from shop import settings as s; print(s.STORAGES['staticfiles'])"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    backend = ast.literal_eval(told.stdout)["BACKEND"]
    storage = import_string(backend)(location=tmp_path / "out", base_url="/static/")
    storage.save("css/shop.css", ContentFile((tmp_path / "in/css/shop.css").read_bytes()))
    assert list(storage.post_process({"css/shop.css": (storage, "css/shop.css")}))
    assert (tmp_path / "out/css/shop.css").read_text() == "body{color: green}" * 200
    kept = sorted(path.name for path in (tmp_path / "out/css").glob("shop.*.css*"))
    assert [name.rpartition(".")[2] for name in kept] == ["css", "gz"]
    page = WhiteNoise(None, root=str(tmp_path / "out"), prefix="/static/")
    answer = page.files[f"/static/css/{kept[0]}"].get_response(
        "GET", {"HTTP_ACCEPT_ENCODING": "gzip, br"}
    )
    answer.file.close()
    headers = dict(answer.headers)
    assert headers["Content-Encoding"] == "gzip"
    assert int(headers["Content-Length"]) < 400
