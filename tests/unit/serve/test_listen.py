"""The port is on this computer alone, and errors about it are told."""

import pytest

from mrsift.errors import ConfigError
from mrsift.serve.listen import open_port


def test_a_free_port_of_this_computer_alone():
    with open_port() as listening:
        host, port = listening.getsockname()
    assert host == "127.0.0.1"
    assert port > 0


def test_a_port_in_use_is_told():
    with open_port() as listening:
        port = listening.getsockname()[1]
        with pytest.raises(ConfigError, match=f"port {port} is in use"):
            open_port(port)
