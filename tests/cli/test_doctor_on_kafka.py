"""`doctor` on a real Kafka names what is wrong with the credentials, and says them to nobody."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path

import pytest

from tests.cli.test_errors import civicbus

WRONG = "not-the-password-7Q"

if "kafka" in os.environ.get("LOG", "sqlite,kafka"):

    @pytest.mark.kafka
    def test_a_wrong_password_is_named_as_such(tmp_path: Path) -> None:
        from tests.broker import ADMIN, broker

        env = {f"CIVICBUS_KAFKA_{name.upper().replace('.', '_')}": value for name, value in {**ADMIN, "sasl.password": WRONG}.items()}
        done = civicbus(tmp_path, "--log", f"kafka://{broker().secured}", "doctor", "--format", "json", **env)
        log = next(each for each in json.loads(done.stdout)["findings"] if each["what"] == "log")

        assert done.returncode == 5
        assert log["verdict"] == "bad"
        assert "password" in log["found"]
        assert "密码" in log["found"]
        assert WRONG not in done.stdout + done.stderr

    @pytest.mark.kafka
    def test_an_address_where_nobody_listens_is_a_warning_beside_one_that_answers(tmp_path: Path) -> None:
        from tests.broker import running_broker

        with socket.socket() as taken:  # bound and not listening: whoever knocks is refused
            taken.bind(("127.0.0.1", 0))
            silent = f"127.0.0.1:{taken.getsockname()[1]}"
            done = civicbus(tmp_path, "--log", f"kafka://{silent},{running_broker()}", "doctor", "--format", "json")
        said = {each["what"]: each for each in json.loads(done.stdout)["findings"]}

        assert said["brokers"]["verdict"] == "ok"
        assert (said["broker"]["verdict"], said["broker"]["found"]) == ("warn", f"{silent}: refused")
        assert "is Kafka running" in said["broker"]["cure"]
